/**
 * The SPDX licence of a tree: what its manifest declares and what its licence files say. It claims nothing that it did not read, and where the two
 * differ it names both: what may be done with the tree is what all of them allow.
 */
import listed from "spdx-license-list/simple.js";
import { licensesIn, otherTerms } from "./license-text.ts";
import { bareId, spdxIds } from "./spdx.ts";

export interface LicenseFile {
  /** At the root of the tree or of a package in it. */
  readonly path: string;
  readonly text: string;
}

export interface License {
  /** SPDX expression (specification 2.3, annex D); null where neither manifest nor files say anything. */
  readonly expression: string | null;
  /** Paths of what said so. */
  readonly files: readonly string[];
}

/** What people write into manifests in place of an SPDX id. */
const spellings: readonly (readonly [RegExp, string])[] = [
  [/^(?:the )?mit(?: licen[cs]e)?(?: \(mit\))?$/i, "MIT"],
  [/^apache(?:[- ]?2| licen[cs]e,?(?: version| v\.?)?[- ]2| 2| v2| software license 2)(?:\.0)?$/i, "Apache-2.0"],
  [/^(?:new|modified|revised) bsd(?: licen[cs]e)?$|^bsd[- ]3(?:[- ]clause)?$/i, "BSD-3-Clause"],
  [/^(?:simplified|freebsd) bsd(?: licen[cs]e)?$|^bsd[- ]2(?:[- ]clause)?$/i, "BSD-2-Clause"],
  [/^mpl[- ]2(?:\.0)?$/i, "MPL-2.0"],
  [/^gpl(?:[- ]?v?)3(?:\.0)?$/i, "GPL-3.0-only"],
  [/^gpl(?:[- ]?v?)2(?:\.0)?$/i, "GPL-2.0-only"],
];

const ids = new Set([...listed].map((id) => id.toLowerCase()));
const isId = (id: string): boolean => ids.has(id.toLowerCase().replace(/\+$/, "")) || /^(?:DocumentRef-[^:]+:)?LicenseRef-/.test(id);

/** Whether it names licences of the SPDX list, or of one's own by `LicenseRef-`. */
export function isLicense(text: string): boolean {
  const named = spdxIds(text);
  return named.length > 0 && named.every(isId);
}

/** Null where it is no expression of known ids. */
function expressionOf(stated: string): string | null {
  const text = stated.trim();
  const spelled = spellings.find(([pattern]) => pattern.test(text));
  if (spelled !== undefined) return spelled[1];
  return isLicense(text) ? text : null;
}

/** `license`, also as an object, or the old `licenses`, of which any may be chosen (npm's documentation of package.json). */
function statedIn(manifest: string): readonly string[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(manifest);
  } catch (error) {
    // A manifest that is no JSON says nothing of its licence.
    if (error instanceof SyntaxError) return [];
    throw error;
  }
  const { license, licenses } = (parsed ?? {}) as { readonly license?: unknown; readonly licenses?: unknown };
  return [license ?? licenses].flat().flatMap((one: unknown) => {
    const name = typeof one === "object" && one !== null && "type" in one ? one.type : one;
    return typeof name === "string" && name.trim() !== "" ? [name] : [];
  });
}

/** `unclear`: it says something that is no expression, and does not send the reader to a file. */
function declaredBy(manifest: string | null): { readonly expression: string | null; readonly unclear: boolean } {
  const stated = manifest === null ? [] : statedIn(manifest);
  if (stated.some((one) => /^see licen[cs]e in /i.test(one))) return { expression: null, unclear: false };
  const expressions = stated.map(expressionOf).filter((one) => one !== null);
  if (expressions.length < stated.length) return { expression: null, unclear: true };
  return { expression: expressions.length > 0 ? joined(expressions, "OR") : null, unclear: false };
}

function joined(expressions: readonly string[], by: "AND" | "OR"): string {
  const [only = "", ...others] = new Set(expressions);
  if (others.length === 0) return only;
  const isOfParts = by === "AND" ? / OR / : / AND /;
  return [only, ...others].map((one) => (isOfParts.test(one) && !one.startsWith("(") ? `(${one})` : one)).join(` ${by} `);
}

/** Of the paths that tell of a licence, those that hold no text of it. */
export const isManifest = (path: string): boolean => nameOf(path) === "package.json";

const suffixes = "mit|mit0|apache(?:-?2(?:[._]?0)?)?|bsd[23]?|isc|mpl|l?gpl(?:[v-]?[23])?|agpl|cc0|0bsd|zlib|boost|lesser|unlicense";
const fileName = new RegExp(`^(?:licen[cs]e|copying|unlicense)(?:[-._](?<which>${suffixes}))?(?:\\.(?:md|txt|rst))?$`, "i");
const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** Files that may hold the licence of a folder, the plainest first. */
export const licenseFiles = (paths: readonly string[], folder = "."): readonly string[] =>
  paths
    .filter((path) => fileName.test(nameOf(path)) && (folder === "." ? !path.includes("/") : path === `${folder}/${nameOf(path)}`))
    .sort((a, b) => a.length - b.length || (a < b ? -1 : 1));

/**
 * What the files say together: those that are named after their licence are there to choose from (LICENSE-MIT, LICENSE-APACHE), except that
 * COPYING.LESSER changes the GPL beside it; all others hold each.
 */
async function toldBy(files: readonly LicenseFile[]): Promise<License> {
  const [plain, choices, said]: [string[], string[], string[]] = [[], [], []];
  for (const { path, text } of files) {
    const found = await licensesIn(text);
    if (found.length === 0) continue;
    said.push(path);
    const which = fileName.exec(nameOf(path))?.groups?.["which"];
    if (which?.toLowerCase() === "lesser") return { expression: joined(found, "AND"), files: said };
    (which === undefined ? plain : choices).push(joined(found, "AND"));
  }
  const offered = choices.flatMap(spdxIds);
  // A plain file beside these repeats one of them, or all.
  const others = plain.filter((one) => !spdxIds(one).every((id) => offered.includes(id)));
  const all = choices.length > 0 ? [...others, joined(choices, "OR")] : others;
  return { expression: all.length > 0 ? joined(all, "AND") : null, files: said };
}

// Terms say the word too (`copyright notice`, `COPYRIGHT HOLDERS`, an item `(c)`), and texts to be filled in have brackets in place of a name.
const holderLike = /^(?:Copyright|COPYRIGHT)\s+\S|^(?:©|\([Cc]\))\s*\d{4}/;
const termLike = /^copyright\s+(?:(?:notice|license|law|holder|owner|treat)|(?:act|interest|and|or|in|to|of|the)\b)/i;
const templateLike = /^(?:copyright\s*)?(?:(?:\(c\)|©)\s*)?(?:[[<{]|year\b)/i;
const mostHolders = 20;

/** The lines of a licence file that say whose the work is, as they stand there. */
export function copyrightLines(text: string): readonly string[] {
  const lines = text.split("\n").map((line) =>
    line
      .replace(/^[\s/*#>-]+/, "")
      .replace(/\s*\*\/\s*$/, "")
      .trim(),
  );
  // The licences of the GNU project begin with the notice of their own text.
  const own = lines.filter(
    (line) =>
      holderLike.test(line) && ![termLike, templateLike].some((other) => other.test(line)) && !line.includes("Free Software Foundation"),
  );
  return [...new Set(own.map((line) => line.slice(0, 200)))].slice(0, mostHolders);
}

/** GPL-2.0, GPL-2.0-only, GPL-2.0-or-later and GPL-2.0+ have one text. */
const textOf = (id: string): string => bareId(id.toLowerCase());

export async function licenseOf(manifest: LicenseFile | null, files: readonly LicenseFile[]): Promise<License> {
  const { expression: declared, unclear } = declaredBy(manifest?.text ?? null);
  const told = await toldBy(files);
  const own = manifest !== null && (declared !== null || unclear) ? [manifest.path] : [];
  if (told.expression === null) return { expression: declared ?? (unclear ? otherTerms : null), files: own };
  if (declared === null) return told;
  return { expression: both(declared, told.expression), files: [...own, ...told.files] };
}

function both(declared: string, told: string): string {
  const [ofManifest, ofFiles] = [declared, told].map((one) => spdxIds(one).map(textOf)) as [string[], string[]];
  if (ofFiles.every((id) => ofManifest.includes(id))) return declared;
  return ofManifest.every((id) => ofFiles.includes(id)) ? told : joined([declared, told], "AND");
}
