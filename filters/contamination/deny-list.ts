/** Lists of what must not be trained on: read from a file, and asked about a change. */
import { z } from "zod";
import { groupOfAddress } from "../../lib/address.ts";
import { StopRun } from "../../lib/errors.ts";
import { sha256 } from "../../lib/hash.ts";
import { hashText, likeness, shinglesOf, signatureOf } from "../../lib/sketches.ts";
import { proseWords } from "../../lib/tokens.ts";
import { type DenyList, denyListSchema } from "../../schemas/contamination.ts";

const headSchema = z.strictObject({ list: denyListSchema.unwrap().shape.name, version: z.string().min(1), source: z.string().default("") });

const numberLike = /^([\w.-]+\/[\w.-]+)#(\d+)$/;
/** As SWE-bench and those after it name an instance: owner, name and number of the pull request. */
const instanceLike = /^([\w.-]+?)__([\w.-]+)-(\d+)$/;
const entrySchema = z.union([
  z.strictObject({ repository: z.string().min(1) }),
  z.strictObject({ pull_request: z.string().regex(numberLike, "written as owner/name#number") }),
  z.strictObject({ issue: z.string().regex(numberLike, "written as owner/name#number") }),
  z.strictObject({ instance_id: z.string().regex(instanceLike, "written as owner__name-number") }),
  z.strictObject({ commit: z.string().regex(/^[0-9a-f]{40,64}$/, "a whole commit id") }),
  z.strictObject({ patch: z.string().min(1) }),
  z.strictObject({ patch_sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  z.strictObject({ text: z.string().min(1) }),
]);

/** The changed lines of a unified diff, without white space and in an order of their own; null where none says anything. */
export function patchFingerprint(patch: string): string | null {
  const lines = patch
    .split("\n")
    .filter((line) => /^[-+]/.test(line) && !/^(?:\+\+\+|---) /.test(line))
    .map((line) => line.replace(/\s+/g, ""))
    .filter((line) => line.length > 1);
  return lines.length === 0 ? null : sha256(lines.sort().join("\n"));
}

/** Shorter texts say too little to be known again. */
const leastWords = 8;
/** Of three words in a row, so many are the same. */
const leastLikeness = 0.7;

export function textSignature(text: string): Int32Array | null {
  const words = Uint32Array.from(proseWords(text), hashText);
  return words.length < leastWords ? null : signatureOf(shinglesOf(words, 3));
}

const encode = (signature: Int32Array): string =>
  Buffer.from(signature.buffer, signature.byteOffset, signature.byteLength).toString("base64");
const decode = (text: string): Int32Array => {
  const bytes = new Uint8Array(Buffer.from(text, "base64"));
  return new Int32Array(bytes.buffer, 0, bytes.length >> 2);
};

/**
 * A file of JSON lines. The first names the list: `{"list", "version", "source"?}`. Each further one names what is denied by one of `repository`,
 * `pull_request` and `issue` (`owner/name#number`), `instance_id` (`owner__name-number`), `commit`, `patch` (a unified diff), `patch_sha256` and `text`. Throws `StopRun` that names the line.
 */
export function parseDenyList(text: string, file: string): DenyList {
  const wrong = (line: number, what: string): StopRun =>
    new StopRun(`line ${line} of the list ${file}: ${what}`, {
      next: 'write {"list": NAME, "version": VERSION} first, then one a line, such as {"repository": "owner/name"} or {"pull_request": "owner/name#12"}',
    });
  const read = <T>(line: string, at: number, schema: z.ZodType<T>): T => {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause;
      throw wrong(at + 1, "it is no JSON");
    }
    const parsed = schema.safeParse(value);
    if (!parsed.success) throw wrong(at + 1, z.prettifyError(parsed.error).replace(/\s+/g, " "));
    return parsed.data;
  };
  const lines = text
    .split("\n")
    .map((line, at) => ({ line: line.trim(), at }))
    .filter(({ line }) => line !== "");
  const [first, ...rest] = lines;
  if (first === undefined) throw wrong(1, "the file is empty");
  const { list: name, version, source } = read(first.line, first.at, headSchema);
  const keys = {
    repositories: new Set<string>(),
    numbers: new Set<string>(),
    commits: new Set<string>(),
    patches: new Set<string>(),
    texts: new Set<string>(),
  };
  for (const { line, at } of rest) {
    const entry = read(line, at, entrySchema);
    if ("repository" in entry) keys.repositories.add(groupOfAddress(entry.repository));
    else if ("pull_request" in entry) keys.numbers.add(entry.pull_request.toLowerCase());
    else if ("issue" in entry) keys.numbers.add(entry.issue.toLowerCase());
    else if ("instance_id" in entry) keys.numbers.add(entry.instance_id.toLowerCase().replace(instanceLike, "$1/$2#$3"));
    else if ("commit" in entry) keys.commits.add(entry.commit);
    else if ("patch_sha256" in entry) keys.patches.add(entry.patch_sha256);
    else if ("patch" in entry) {
      const fingerprint = patchFingerprint(entry.patch);
      if (fingerprint === null) throw wrong(at + 1, "the patch changes nothing");
      keys.patches.add(fingerprint);
    } else {
      const signature = textSignature(entry.text);
      if (signature === null) throw wrong(at + 1, `a text of less than ${leastWords} words is in too many places`);
      keys.texts.add(encode(signature));
    }
  }
  const sorted = Object.fromEntries(Object.entries(keys).map(([kind, set]) => [kind, [...set].sort()]));
  return denyListSchema.parse({ name, version, source, ...sorted });
}

export const denyReasons = ["repository", "pull-request", "commit", "patch", "text"] as const;

/** What is known of a change, or of a repository alone. */
export interface Suspect {
  /** All names of its repository, in lower case. */
  readonly repositories: readonly string[];
  /** Pull requests and issues, as `owner/name#number` in lower case. */
  readonly numbers: readonly string[];
  readonly commits: readonly string[];
  readonly patch: string | null;
  readonly texts: readonly string[];
}

export interface Hit {
  readonly reason: (typeof denyReasons)[number];
  readonly detail: string;
}

interface Index {
  readonly list: DenyList;
  readonly sets: Readonly<Record<"repositories" | "numbers" | "commits" | "patches", ReadonlySet<string>>>;
  readonly texts: readonly Int32Array[];
}

const indexed = new WeakMap<DenyList, Index>();
function indexOf(list: DenyList): Index {
  const known = indexed.get(list);
  if (known !== undefined) return known;
  const { repositories, numbers, commits, patches, texts } = list;
  const sets = { repositories: new Set(repositories), numbers: new Set(numbers), commits: new Set(commits), patches: new Set(patches) };
  const made = { list, sets, texts: texts.map(decode) };
  indexed.set(list, made);
  return made;
}

/** What the detail of a drop begins with. */
const namedBy = ({ name, version }: Pick<DenyList, "name" | "version">): string => `${name} ${version} has `;

/** The list by which something was dropped, told from the detail. */
export const listNamedIn = <L extends Pick<DenyList, "name" | "version">>(detail: string, lists: readonly L[]): L | undefined =>
  lists.filter((list) => detail.startsWith(namedBy(list))).sort((a, b) => b.version.length - a.version.length)[0];

/** What a list says of it first: the broadest reason. */
function hitIn({ list, sets, texts }: Index, suspect: Suspect): Hit | null {
  const named = namedBy(list);
  const known = (set: ReadonlySet<string>, keys: readonly string[]): string | undefined => keys.find((key) => set.has(key));
  const repository = known(sets.repositories, suspect.repositories);
  if (repository !== undefined) return { reason: "repository", detail: `${named}${repository}` };
  const number = known(sets.numbers, suspect.numbers);
  if (number !== undefined) return { reason: "pull-request", detail: `${named}${number}` };
  const commit = known(sets.commits, suspect.commits);
  if (commit !== undefined) return { reason: "commit", detail: `${named}the commit ${commit}` };
  const fingerprint = suspect.patch === null ? null : patchFingerprint(suspect.patch);
  if (fingerprint !== null && sets.patches.has(fingerprint)) return { reason: "patch", detail: `${named}a patch of the same lines` };
  if (texts.length === 0) return null;
  const signatures = suspect.texts.flatMap((text) => textSignature(text) ?? []);
  const best = Math.max(0, ...signatures.flatMap((one) => texts.map((other) => likeness(one, other))));
  return best >= leastLikeness ? { reason: "text", detail: `${named}a text that is ${Math.round(best * 100)} % the same` } : null;
}

/** The first list that knows it. */
export function deniedBy(lists: readonly DenyList[], suspect: Suspect): Hit | null {
  for (const list of lists) {
    const hit = hitIn(indexOf(list), suspect);
    if (hit !== null) return hit;
  }
  return null;
}
