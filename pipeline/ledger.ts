/**
 * Every verdict of every stage, in one SQLite file: the only source of resume, funnel, `explain` and the card.
 *
 * A piece of work is known by (stage, version, input hash, hash of the settings that the stage reads). Its verdicts and their blobs are
 * recorded together, after the blobs are on the disk: what is recorded happened, whatever kills the process.
 */
import { existsSync, linkSync, mkdirSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StopRun } from "../lib/errors.ts";
import { stageNames } from "../schemas/stages.ts";

export interface WorkKey {
  readonly stage: string;
  readonly version: number;
  /** Over the inputs' ids and contents. */
  readonly input: string;
  /** Over the settings that the stage reads. */
  readonly settings: string;
}

export interface Verdict {
  readonly id: string;
  readonly parent: string | null;
  /** Sha of the kept value's blob, or null where it was dropped. */
  readonly blob: string | null;
  readonly reason: string | null;
  readonly detail: string;
}

/** How many records a piece of work dropped for a reason, of those that came of the same parent. */
export interface Drops {
  readonly reason: string;
  readonly parent: string | null;
  readonly count: number;
}

/** What was said of a piece of work, in the space that its kept records need: of the others there may be thousands for each of these. */
export interface Told {
  /** In the order in which they were said. */
  readonly kept: readonly { readonly id: string; readonly parent: string | null; readonly blob: string }[];
  /** In the order of the first of each. */
  readonly dropped: readonly Drops[];
  readonly wallMs: number;
}

export function toldOf(verdicts: readonly Omit<Verdict, "detail">[], wallMs: number): Told {
  const kept: Told["kept"][number][] = [];
  const dropped = new Map<string, { reason: string; parent: string | null; count: number }>();
  for (const { id, parent, blob, reason } of verdicts) {
    if (blob !== null) {
      kept.push({ id, parent, blob });
      continue;
    }
    const drops = { reason: reason ?? "", parent, count: 0 };
    const key = `${drops.reason} ${parent ?? ""}`;
    const known = dropped.get(key) ?? drops;
    known.count += 1;
    dropped.set(key, known);
  }
  return { kept, dropped: [...dropped.values()], wallMs };
}

export interface WorkCost {
  readonly wallMs: number;
  readonly tries: number;
}

/** What was said of a record; a null reason keeps it. */
export type Said = Pick<Verdict, "reason" | "detail">;

export interface Story extends Verdict {
  readonly stage: string;
}

const schemaVersion = 1;

/** So many verdicts of a piece of work are read to count them; of more, the kept ones are read and the others counted where they lie. */
const readWhole = 32;

const tables = `
create table if not exists meta (name text primary key, value text not null) strict, without rowid;
create table if not exists work (
  stage text not null, version integer not null, input text not null, settings text not null,
  wall_ms real not null, tries integer not null,
  primary key (stage, version, input, settings)
) strict, without rowid;
create table if not exists verdict (
  stage text not null, version integer not null, input text not null, settings text not null, seq integer not null,
  id text not null, parent text, blob text, reason text, detail text not null,
  primary key (stage, version, input, settings, seq)
) strict, without rowid;
create index if not exists verdict_id on verdict (id);
create index if not exists verdict_parent on verdict (parent);
create table if not exists trouble (stage text not null, id text not null, message text not null, primary key (stage, id)) strict, without rowid;
`;

/** Primary result codes of SQLite (sqlite.org/rescode.html) that say something to the user. */
const codes = { busy: 5, readOnly: 8, ioError: 10, corrupt: 11, full: 13, cannotOpen: 14, notADatabase: 26 } as const;

/** The primary code of an error of node:sqlite; null for any other error. */
function sqliteCode(error: unknown): number | null {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return null;
  return error.errcode & 0xff;
}

const damaged = (path: string, why: string, cause?: unknown): StopRun =>
  new StopRun(`the ledger ${path} is damaged: ${why}`, {
    next: "it was left as it is; restore a copy, or move it and its -wal file away to start again (prepared environments stay)",
    cause,
  });

/** Our own trouble with the file, in words; anything else is a bug and stays as it is. */
function explained(path: string, error: unknown): unknown {
  const code = sqliteCode(error);
  if (code === null) return error;
  const said = (error as Error).message;
  if (code === codes.corrupt || code === codes.notADatabase) return damaged(path, said, error);
  if (code === codes.full || code === codes.ioError) {
    return new StopRun(`the ledger ${path} cannot be written: ${said}`, {
      next: "make room on the disk, then: kihon resume <folder>",
      cause: error,
    });
  }
  if (code === codes.readOnly || code === codes.cannotOpen) {
    return new StopRun(`the ledger ${path} cannot be opened: ${said}`, {
      next: "choose a folder that can be written with --out, or change its mode",
      cause: error,
    });
  }
  return error;
}

/** A new ledger comes to its place whole: an empty or half file there is damage, not a beginning. */
function create(path: string): void {
  const fresh = `${path}.new-${process.pid}`;
  mkdirSync(dirname(path), { recursive: true });
  rmSync(fresh, { force: true });
  const database = new DatabaseSync(fresh);
  database.exec(`pragma journal_mode = wal; ${tables}`);
  database.prepare("insert into meta values ('schema', ?)").run(String(schemaVersion));
  database.close();
  try {
    linkSync(fresh, path);
  } catch (error) {
    // Another process was first: its ledger is as good as ours.
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    rmSync(fresh, { force: true });
  }
}

function openDatabase(path: string, write: boolean): DatabaseSync {
  if (write && !existsSync(path)) create(path);
  if (statSync(path).size === 0) throw damaged(path, "it is empty");
  const database = new DatabaseSync(path, { readOnly: !write });
  database.exec("pragma busy_timeout = 15000; pragma synchronous = normal;");
  // Every page is read; that indexes agree with their tables is not compared, which takes ten times as long: a second for a million verdicts.
  const [check] = database.prepare("pragma quick_check(1)").all();
  if (check?.["quick_check"] !== "ok") {
    database.close();
    throw damaged(path, String(check?.["quick_check"]));
  }
  return database;
}

/**
 * One writer at a time. A transaction that is never ended holds the lock, so the system gives it back when its process dies, however it dies.
 * Null where somebody else holds it.
 */
function lockFor(path: string): DatabaseSync | null {
  const lock = new DatabaseSync(`${path}.lock`);
  try {
    lock.exec("pragma busy_timeout = 0; begin exclusive");
    return lock;
  } catch (error) {
    lock.close();
    if (sqliteCode(error) === codes.busy) return null;
    throw error;
  }
}

/** Keeps others from writing what lies beside this ledger, where the ledger itself is not needed. Throws `StopRun` where somebody else writes. */
export function holdWriting(path: string): { release(): void } {
  const lock = lockFor(path);
  if (lock === null) {
    throw new StopRun("another process is writing this dataset", { next: "wait for it to end, or end it, then start this again" });
  }
  return { release: () => lock.close() };
}

export class Ledger {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #lock: DatabaseSync | null;
  readonly #statements: Record<
    "first" | "kept" | "dropped" | "verdicts" | "said" | "work" | "verdict" | "clear" | "trouble" | "untrouble",
    ReturnType<DatabaseSync["prepare"]>
  >;

  /** Opens or creates; `write: false` takes no lock and is for reading beside a run. */
  constructor(path: string, { write }: { readonly write: boolean }) {
    if (!write && !existsSync(path)) {
      throw new StopRun(`there is no ledger at ${path}`, { next: "name the folder that was given to kihon run as --out" });
    }
    this.#path = path;
    try {
      this.#database = openDatabase(path, write);
      this.#lock = write ? lockFor(path) : null;
    } catch (error) {
      throw explained(path, error);
    }
    const key = "stage = ? and version = ? and input = ? and settings = ?";
    const prepare = (sql: string): ReturnType<DatabaseSync["prepare"]> => this.#database.prepare(sql);
    this.#statements = {
      first: prepare(
        `select wall_ms, id, parent, blob, reason from work left join verdict using (stage, version, input, settings) where ${key} order by seq limit ${readWhole + 1}`,
      ),
      kept: prepare(`select id, parent, blob from verdict where ${key} and blob is not null order by seq`),
      dropped: prepare(
        `select reason, parent, count(*) as count from verdict where ${key} and blob is null group by reason, parent order by min(seq)`,
      ),
      said: prepare("select input, reason, detail from verdict where id = ? and stage = ? and version = ? and settings = ?"),
      verdicts: prepare(`select id, parent, blob, reason, detail from verdict where ${key} order by seq`),
      work: prepare("insert or replace into work values (?, ?, ?, ?, ?, ?)"),
      verdict: prepare("insert into verdict values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
      clear: prepare(`delete from verdict where ${key}`),
      trouble: prepare("insert or replace into trouble values (?, ?, ?)"),
      untrouble: prepare("delete from trouble where stage = ? and id = ?"),
    };
    this.#checkVersion();
    if (write) this.#claim();
  }

  #checkVersion(): void {
    const found = this.meta("schema");
    if (found === String(schemaVersion)) return;
    this.#lock?.close();
    throw new StopRun(`the ledger has schema ${found}, this Kihon writes ${schemaVersion}`, {
      next: "use another --out folder, or the version of Kihon that made it",
    });
  }

  /** Two runs into one folder would prove everything twice. The row only tells others who holds the lock. */
  #claim(): void {
    if (this.#lock === null) {
      const holder = this.meta("writer") ?? "another process";
      this.#database.close();
      throw new StopRun(`${holder} is writing this run`, { next: "wait for it to end, or end it, then: kihon resume <folder>" });
    }
    this.setMeta("writer", `process ${process.pid} (since ${new Date(Date.now() - process.uptime() * 1_000).toISOString()})`);
  }

  meta(name: string): string | null {
    const row = this.#database.prepare("select value from meta where name = ?").get(name);
    return row ? String(row["value"]) : null;
  }

  setMeta(name: string, value: string): void {
    if (this.meta(name) === value) return;
    this.#writing(() => this.#database.prepare("insert or replace into meta values (?, ?)").run(name, value));
  }

  /** What was said of a piece of work that was finished, or null. */
  lookup({ stage, version, input, settings }: WorkKey): Told | null {
    const key = [stage, version, input, settings] as const;
    const first = this.#statements.first.all(...key) as unknown as (Omit<Verdict, "detail"> & { readonly wall_ms: number })[];
    const [row] = first;
    if (row === undefined) return null;
    const wallMs = row.wall_ms;
    if (first.length <= readWhole) {
      return toldOf(
        first.filter(({ id }) => id !== null),
        wallMs,
      );
    }
    const kept = this.#statements.kept.all(...key) as unknown as Told["kept"];
    return { kept, dropped: this.#statements.dropped.all(...key) as unknown as readonly Drops[], wallMs };
  }

  /** Every verdict of a piece of work, in order; none where it was not finished. */
  verdicts({ stage, version, input, settings }: WorkKey): readonly Verdict[] {
    return this.#statements.verdicts.all(stage, version, input, settings) as unknown as Verdict[];
  }

  /** What the pieces of work of a stage said of one record, each with its input hash. */
  said({ stage, version, settings }: Omit<WorkKey, "input">, id: string): readonly (Said & { readonly input: string })[] {
    return this.#statements.said.all(id, stage, version, settings) as unknown as (Said & { input: string })[];
  }

  /** All of a piece of work, or nothing of it. */
  record({ stage, version, input, settings }: WorkKey, verdicts: readonly Verdict[], { wallMs, tries }: WorkCost): void {
    try {
      this.#database.exec("begin immediate");
      this.#statements.clear.run(stage, version, input, settings);
      this.#statements.work.run(stage, version, input, settings, wallMs, tries);
      verdicts.forEach((verdict, seq) => {
        const { id, parent, blob, reason, detail } = verdict;
        this.#statements.verdict.run(stage, version, input, settings, seq, id, parent, blob, reason, detail);
        this.#statements.untrouble.run(stage, id);
      });
      this.#database.exec("commit");
    } catch (error) {
      // A full disk has already rolled it back.
      if (this.#database.isTransaction) this.#database.exec("rollback");
      throw explained(this.#path, error);
    }
  }

  /** A record that could not be worked on for our own trouble. It has no verdict and is tried again by the next run. */
  recordTrouble(stage: string, id: string, message: string): void {
    this.#writing(() => this.#statements.trouble.run(stage, id, message));
  }

  #writing(step: () => void): void {
    try {
      step();
    } catch (error) {
      throw explained(this.#path, error);
    }
  }

  troubles(): readonly { readonly stage: string; readonly id: string; readonly message: string }[] {
    return this.#database.prepare("select stage, id, message from trouble order by stage, id").all() as unknown as {
      stage: string;
      id: string;
      message: string;
    }[];
  }

  /** What happened to a record: its forebears first, then itself, then what was made of it, each in the order of the road. */
  explain(id: string): readonly Story[] {
    const places = stageNames.map((name, at) => `when '${name}' then ${at}`).join(" ");
    const select = "select stage, id, parent, blob, reason, detail from verdict where";
    const order = `order by case stage ${places} else ${stageNames.length} end, id, seq`;
    const byId = this.#database.prepare(`${select} id = ? ${order}`);
    const byParent = this.#database.prepare(`${select} parent = ? and id <> ? ${order}`);
    const seen = new Set<string>();
    const up: Story[] = [];
    const climb = (at: string): void => {
      if (seen.has(at)) return;
      seen.add(at);
      const own = byId.all(at) as unknown as Story[];
      for (const { parent } of own) if (parent !== null && parent !== at) climb(parent);
      up.push(...own);
    };
    climb(id);
    return [...up, ...(byParent.all(id, id) as unknown as Story[])];
  }

  close(): void {
    try {
      if (this.#lock !== null) this.#database.prepare("delete from meta where name = 'writer'").run();
    } catch (error) {
      // The row only tells who writes; on a full disk it stays, and the lock goes all the same.
      if (sqliteCode(error) !== codes.full && sqliteCode(error) !== codes.ioError) throw error;
    }
    this.#database.close();
    this.#lock?.close();
  }
}
