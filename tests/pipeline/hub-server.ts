/**
 * The part of the Hugging Face Hub's HTTP interface that its npm client (2.17.5) uses for datasets, over a real port: repositories with commits,
 * trees by page, uploads by Git LFS with the transfer `basic`, downloads by parts. Written from the client's source; the Hub itself is not asked.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type Files = ReadonlyMap<string, Buffer>;
interface Fault {
  /** Of requests whose `METHOD path` it fits. */
  readonly at: RegExp;
  readonly times: number;
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** Breaks the connection in place of an answer, or in the middle of one. */
  readonly cut?: "before" | "within";
}

export interface HubServer {
  readonly address: string;
  /** `METHOD path status` of every answer, without what follows `?`. */
  readonly asked: string[];
  /** Bytes that were uploaded by LFS. */
  uploaded: number;
  /** The files of a dataset's newest commit. */
  files(name: string): Files;
  commits(name: string): number;
  /** A commit by somebody else. */
  meddle(name: string, path: string, text: string): void;
  fail(fault: Fault): void;
  /** After each answer to a request that this fits. */
  on(at: RegExp, then: () => void): void;
  close(): void;
}

const hash = (name: string, ...parts: (string | Buffer)[]): string =>
  parts.reduce((sum, part) => sum.update(part), createHash(name)).digest("hex");
const gitOid = (bytes: Buffer): string => hash("sha1", `blob ${bytes.length}\0`, bytes);
const isLarge = (path: string): boolean => path.endsWith(".parquet");
const treePage = 7;

export async function serveHub({ token }: { readonly token: string }): Promise<HubServer> {
  const repositories = new Map<string, { id: string; files: Files }[]>();
  const objects = new Map<string, Buffer>();
  const faults: { fault: Fault; left: number }[] = [];
  const watches: { at: RegExp; then: () => void }[] = [];
  const state = { asked: [] as string[], uploaded: 0 };
  const newest = (name: string): { id: string; files: Files } => {
    const head = repositories.get(name)?.at(-1);
    if (head === undefined) throw new Error(`no dataset ${name}`);
    return head;
  };
  const add = (name: string, files: Files): string => {
    const commits = repositories.get(name) ?? [];
    const id = hash("sha1", name, String(commits.length), ...[...files].flat());
    repositories.set(name, [...commits, { id, files }]);
    return id;
  };

  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => answer(request, Buffer.concat(parts), response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  function answer(request: IncomingMessage, body: Buffer, response: ServerResponse) {
    const url = new URL(request.url ?? "/", address);
    const path = decodeURIComponent(url.pathname);
    const line = `${request.method} ${path}`;
    const send = (status: number, content: unknown, headers: Record<string, string> = {}): void => {
      state.asked.push(`${line} ${status}`);
      const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
      response.writeHead(status, {
        "content-type": Buffer.isBuffer(content) ? "application/octet-stream" : "application/json",
        "content-length": String(bytes.length),
        ...headers,
      });
      if (cut === "within" && bytes.length > 1) response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy());
      else response.end(bytes);
      for (const { at, then } of watches) if (at.test(line)) then();
    };
    const fault = faults.find((one) => one.left > 0 && one.fault.at.test(line));
    const cut = fault?.fault.cut;
    if (fault !== undefined) {
      fault.left -= 1;
      if (cut === "before") {
        state.asked.push(`${line} cut`);
        response.destroy();
        return;
      }
      if (fault.fault.status !== undefined) return send(fault.fault.status, { error: "no" }, fault.fault.headers);
    }
    // Uploads go to addresses of their own, without the token.
    const upload = /^PUT \/lfs\/(\w+)$/.exec(line)?.[1];
    if (upload !== undefined) {
      if (hash("sha256", body) !== upload) return send(400, { error: "another hash" });
      state.uploaded += body.length;
      objects.set(upload, body);
      return send(200, {});
    }
    const given = request.headers.authorization;
    if (given !== undefined && given !== `Bearer ${token}`) return send(401, { error: "Invalid credentials" });
    if (request.method === "POST" && given === undefined) return send(401, { error: "Unauthorized" });
    if (path === "/api/repos/create") {
      const { name, organization, type, visibility } = JSON.parse(body.toString()) as Record<string, string>;
      const id = `${organization}/${name}`;
      if (type !== "dataset" || !/^(?:private|public)$/.test(visibility ?? "")) return send(400, { error: "no dataset" });
      if (repositories.has(id)) return send(409, { error: "You already created this dataset repo" });
      add(id, new Map([[".gitattributes", Buffer.from("*.parquet filter=lfs diff=lfs merge=lfs -text\n")]]));
      return send(200, { url: `${address}/datasets/${id}`, id });
    }
    const name = /^\/(?:api\/)?datasets\/([\w.-]+\/[\w-]+)/.exec(path)?.[1] ?? "";
    if (!repositories.has(name)) return send(404, { error: "Repository not found" });
    ofDataset(request, url, path, name, body, send);
  }

  type Send = (status: number, content: unknown, headers?: Record<string, string>) => void;
  function ofDataset(request: IncomingMessage, url: URL, path: string, name: string, body: Buffer, send: Send) {
    const rest = path.slice(path.indexOf(name) + name.length);
    const [, verb = "", revision = ""] = /^(?:\.git)?\/([\w-]+)\/?([^/]*)/.exec(rest) ?? [];
    const commits = repositories.get(name) ?? [];
    const found = revision === "main" ? commits.at(-1) : commits.find(({ id }) => id === revision);
    if (verb === "info")
      return batch(JSON.parse(body.toString()) as { objects: { oid: string; size: number }[]; transfers: string[] }, send);
    if (found === undefined) return send(404, { error: "Revision not found" }, { "x-error-code": "RevisionNotFound" });
    if (verb === "revision")
      return send(200, {
        _id: "1",
        id: name,
        sha: found.id,
        private: true,
        downloads: 0,
        likes: 0,
        gated: false,
        lastModified: "2026-01-01T00:00:00.000Z",
      });
    if (verb === "tree") return tree(url, found.files, send);
    if (verb === "preupload") {
      const { files } = JSON.parse(body.toString()) as { files: { path: string }[] };
      return send(200, {
        files: files.map((file) => ({ path: file.path, uploadMode: isLarge(file.path) ? "lfs" : "regular", shouldIgnore: false })),
      });
    }
    if (verb === "commit") return commit(name, found, body.toString(), send);
    if (verb === "resolve") return resolve(request, found.files.get(rest.split("/").slice(3).join("/")), send);
    send(404, { error: `nothing at ${path}` });
  }

  function batch({ objects: wanted, transfers }: { objects: { oid: string; size: number }[]; transfers: string[] }, send: Send) {
    if (!transfers.includes("basic")) return send(400, { error: "no transfer in common" });
    const answers = wanted.map(({ oid, size }) => ({
      oid,
      size,
      ...(objects.has(oid) ? {} : { actions: { upload: { href: `${address}/lfs/${oid}` } } }),
    }));
    send(200, { transfer: "basic", objects: answers });
  }

  function tree(url: URL, files: Files, send: Send) {
    const entries = [...files].map(([path, bytes]) => {
      const lfs = isLarge(path) ? { lfs: { oid: hash("sha256", bytes), size: bytes.length, pointerSize: 130 } } : {};
      return { type: "file", path, size: bytes.length, oid: gitOid(bytes), ...lfs };
    });
    const folders = [...new Set([...files.keys()].filter((path) => path.includes("/")).map((path) => path.split("/")[0]))].map((path) => ({
      type: "directory",
      path,
      size: 0,
      oid: "0",
    }));
    const all = [...folders, ...entries];
    const from = Number(url.searchParams.get("cursor") ?? 0);
    const next = new URL(url);
    next.searchParams.set("cursor", String(from + treePage));
    send(200, all.slice(from, from + treePage), from + treePage < all.length ? { link: `<${next.href}>; rel="next"` } : {});
  }

  function commit(name: string, head: { id: string; files: Files }, text: string, send: Send) {
    type Line = {
      key: string;
      value: { path: string; content: string; encoding: string; oid: string; size: number; parentCommit?: string };
    };
    const lines = text.split("\n").map((line) => JSON.parse(line) as Line);
    const parent = lines.find(({ key }) => key === "header")?.value.parentCommit;
    if (parent !== undefined && parent !== head.id)
      return send(412, { error: "A commit has happened since. Please refresh and try again." });
    const files = new Map(head.files);
    for (const { key, value } of lines) {
      if (key === "file") files.set(value.path, Buffer.from(value.content, value.encoding as "base64"));
      if (key === "deletedFile") files.delete(value.path);
      if (key !== "lfsFile") continue;
      const object = objects.get(value.oid);
      if (object?.length !== value.size) return send(400, { error: `${value.path} was not uploaded` });
      files.set(value.path, object);
    }
    const commitOid = add(name, files);
    send(200, { commitOid, commitUrl: `${address}/${commitOid}`, hookOutput: "" });
  }

  function resolve(request: IncomingMessage, bytes: Buffer | undefined, send: Send) {
    if (bytes === undefined) return send(404, { error: "Entry not found" }, { "x-error-code": "EntryNotFound" });
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    const headers = { etag: `"${gitOid(bytes)}"` };
    if (range === null) return send(200, bytes, headers);
    const [from, to] = [Number(range[1]), Math.min(Number(range[2]) + 1, bytes.length)];
    send(206, bytes.subarray(from, to), { ...headers, "content-range": `bytes ${from}-${to - 1}/${bytes.length}` });
  }

  return Object.assign(state, {
    address,
    files: (name: string) => newest(name).files,
    commits: (name: string) => repositories.get(name)?.length ?? 0,
    meddle: (name: string, path: string, text: string) => void add(name, new Map([...newest(name).files, [path, Buffer.from(text)]])),
    fail: (fault: Fault) => void faults.push({ fault, left: fault.times }),
    on: (at: RegExp, then: () => void) => void watches.push({ at, then }),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
}
