/** Repositories by their addresses. */

const pathOf = (address: string): string | undefined => /^(?:[a-z+]+:\/\/[^/]+\/|[^@/]+@[^:/]+:)(.+?)(?:\.git)?\/?$/i.exec(address)?.[1];

/** One name for all spellings of an address, or for a bare name: `owner/name` in lower case. */
export const groupOfAddress = (address: string): string => (pathOf(address) ?? address).toLowerCase();

/** By its address, else by its name; forks under other owners are others here. */
export const repoGroupOf = ({ origin, name }: { readonly origin: string; readonly name: string }): string =>
  (pathOf(origin) ?? name).toLowerCase();
