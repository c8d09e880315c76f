/**
 * Does a verdict hang on how busy the machine is? `node bench/steady.ts DATASET [--passes 20] [--beside 2] [--cache FOLDER]` verifies every row
 * of a dataset so many times, while so many processes that only compute run beside it, and exits 1 where a row was not proven in one of the
 * passes.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { createLog, defaultPlace, verify } from "../index.ts";
import { exec } from "../lib/exec.ts";
import { spread } from "./stand.ts";

const { values, positionals } = parseArgs({
  options: {
    passes: { type: "string", default: "20" },
    beside: { type: "string", default: String(availableParallelism()) },
    cache: { type: "string" },
  },
  allowPositionals: true,
});

/** Ends with the process that started it. */
const busyLoop = "const parent = process.ppid; while (process.ppid === parent);";

async function measure(dataset: string): Promise<boolean> {
  const log = createLog({ json: false, terminal: false, write: (text) => process.stderr.write(text), now: () => performance.now() });
  const out = mkdtempSync(join(tmpdir(), "kihon-steady-"));
  const place = defaultPlace({ out, ...(values.cache === undefined ? {} : { cache: values.cache }) });
  const stop = new AbortController();
  const argv = [process.execPath, "-e", busyLoop];
  const busy = Array.from({ length: Number(values.beside) }, () =>
    exec({ argv, env: {}, timeoutMs: 24 * 60 * 60 * 1000, outputBytes: 1000, signal: stop.signal }),
  );
  const [seconds, loads]: [number[], number[]] = [[], []];
  let [rows, wavering] = [0, 0];
  try {
    for (let pass = 1; pass <= Number(values.passes); pass++) {
      const begun = performance.now();
      const found = await verify(dataset, place, { log });
      seconds.push((performance.now() - begun) / 1000);
      loads.push(loadavg()[0] ?? 0);
      rows = found.rows;
      wavering += found.rows - found.proven;
      for (const { skill, id, reason, detail } of found.failures)
        process.stdout.write(`pass ${pass}: ${skill} ${id}: ${reason}: ${detail}\n`);
      log.info(`pass ${pass}: ${found.proven} of ${found.rows} proven, ${found.infrastructure} not tried`);
    }
  } finally {
    stop.abort();
    await Promise.all(busy);
    rmSync(out, { recursive: true, force: true });
  }
  process.stdout.write(
    `${rows} rows, ${seconds.length} passes of ${spread(seconds)} s beside ${busy.length} busy processes, load ${spread(loads)}: ${wavering} verdicts changed\n`,
  );
  return rows > 0 && wavering === 0;
}

const [dataset] = positionals;
if (dataset === undefined) {
  process.stderr.write("usage: node bench/steady.ts DATASET [--passes 20] [--beside 2] [--cache FOLDER]\n");
  process.exitCode = 2;
} else {
  process.exitCode = (await measure(resolve(dataset))) ? 0 : 1;
}
