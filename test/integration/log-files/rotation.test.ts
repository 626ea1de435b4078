import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { preload, Program } from "../program.ts";
import { linesIn, readLogFiles } from "./read-lines.ts";

const file = fileURLToPath(new URL("apps/writer.mjs", import.meta.url));
const clusterFile = fileURLToPath(new URL("apps/cluster.mjs", import.meta.url));

interface Case {
  readonly lines: number;
  readonly writers: number;
  readonly maxSize: string;
  readonly minRotations: number;
}

/** What a run has left in the files. */
interface Findings {
  readonly lost: number;
  readonly doubled: number;
  readonly torn: number;
}

const none: Findings = { lost: 0, doubled: 0, torn: 0 };

describe("Log files that several processes rotate", function () {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "telltale-rotation-"));
  });
  afterEach(async () => {
    await Program.killAll();
    await rm(folder, { recursive: true });
  });

  const start = (test: Case, args: readonly (string | number)[], program = file): Program =>
    new Program({
      file: program,
      flags: preload.import,
      args: args.map(String),
      env: {
        OTEL_TRACES_EXPORTER: "none",
        OTEL_METRICS_EXPORTER: "none",
        OTEL_LOGS_EXPORTER: "none",
        OTEL_EXPORTER_PROMETHEUS_PORT: "0",
        TELLTALE_FLUSH_TIMEOUT: "60000",
        TELLTALE_LOG_DIR: folder,
        TELLTALE_LOG_MAX_SIZE: test.maxSize,
        TELLTALE_LOG_MAX_FILES: "100000",
      },
    });

  /** Runs a writer to its end. */
  const run = async (test: Case, writer: number, from: number): Promise<void> => {
    const { code, stderr } = await start(test, [writer, from, test.lines]).ended;
    assert.deepEqual([code, stderr], [0, ""]);
  };

  /** Kills a writer in the middle, and lets another one go on with the next line. */
  const runInterrupted = async (test: Case, writer: number): Promise<void> => {
    const program = start(test, [writer, 0, test.lines * 0.75, "wait"]);
    await program.waitForStdout((stdout) => lastNumber(stdout) >= test.lines / 2 || undefined);
    program.kill("SIGTERM");
    const { signal, stdout } = await program.ended;
    assert.equal(signal, "SIGTERM");
    await run(test, writer, lastNumber(stdout));
  };

  const findingsOf = async (test: Case): Promise<Findings & { readonly files: number }> => {
    const counts = Array.from({ length: test.writers }, () => new Uint8Array(test.lines));
    let torn = 0;
    const texts = await readLogFiles(folder, "application");
    for (const text of texts.values()) {
      for (const line of linesIn(text)) if (!countLine(line, counts)) torn++;
    }
    const all = counts.flatMap((ofWriter) => [...ofWriter]);
    return {
      lost: all.filter((count) => count === 0).length,
      doubled: all.filter((count) => count > 1).length,
      torn,
      files: texts.size,
    };
  };

  const check = async (test: Case): Promise<void> => {
    const writers = Array.from({ length: test.writers - 1 }, (_, index) => run(test, index + 1, 0));
    await Promise.all([runInterrupted(test, 0), ...writers]);
    const { files, ...findings } = await findingsOf(test);
    assert.deepEqual(findings, none);
    assert.ok(files > test.minRotations, `${files} files`);
  };

  it("keep each line of a single process that is killed by SIGTERM, once and whole", () =>
    check({ lines: 20_000, writers: 1, maxSize: "50kB", minRotations: 30 }));

  it("keep each of 40,000 lines of four processes", () =>
    check({ lines: 10_000, writers: 4, maxSize: "100kB", minRotations: 30 }));

  it("keep each of 40,000 lines of four workers of one cluster, one of which is killed and replaced", async () => {
    const test = { lines: 10_000, writers: 4, maxSize: "100kB", minRotations: 30 };
    const { code, stdout, stderr } = await start(test, [test.writers, test.lines], clusterFile)
      .ended;
    assert.deepEqual([code, stdout, stderr], [0, "4 true\n", ""]);
    const { files, ...findings } = await findingsOf(test);
    assert.deepEqual(findings, none);
    assert.ok(files > test.minRotations, `${files} files`);
  });

  it("keep each of 1,000,000 lines of four processes", () =>
    check({ lines: 250_000, writers: 4, maxSize: "1MB", minRotations: 100 }));
});

/** Counts a line for its writer. Returns false if it is torn. */
function countLine(text: string, counts: readonly Uint8Array[]): boolean {
  try {
    const { writer, line } = JSON.parse(text) as { writer: number; line: number };
    const ofWriter = counts[writer]!;
    ofWriter[line] = ofWriter[line]! + 1;
    return true;
  } catch {
    return false;
  }
}

/** Returns the last number that a writer has printed. */
function lastNumber(stdout: string): number {
  return Number(stdout.slice(0, stdout.lastIndexOf("\n")).split("\n").at(-1));
}
