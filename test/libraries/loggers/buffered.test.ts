import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { fileURLToPath } from "node:url";
import { node } from "../../nodes.ts";
import { preload, Program } from "../../integration/program.ts";
import type { LoggedLine } from "./run.ts";
import {
  type BufferedRow,
  type BufferedRun,
  labelOf,
  labelsInTrace,
  messageOf,
  runBuffered,
  timeOf,
} from "./buffered-run.ts";

const TRANSPORT_FORMAT = "winston with a format of its transport";

const rows: readonly BufferedRow[] = [
  { logger: "telltale", pino: "pino", format: "mjs", node: "26" },
  { logger: "telltale", pino: "pino", format: "cjs", node: "22.15" },
  { logger: "winston", pino: "pino", format: "cjs", node: "26" },
  { logger: "winston", pino: "pino", format: "mjs", node: "24" },
  { logger: TRANSPORT_FORMAT, pino: "pino", format: "mjs", node: "26" },
  { logger: TRANSPORT_FORMAT, pino: "pino", format: "cjs", node: "22.15" },
  { logger: "winston with levels of its transports", pino: "pino", format: "cjs", node: "26" },
  { logger: "pino", pino: "pino", format: "mjs", node: "26" },
  { logger: "pino", pino: "pino", format: "cjs", node: "22.15" },
  { logger: "pino", pino: "pino9", format: "cjs", node: "24" },
  { logger: "pino", pino: "pino8", format: "mjs", node: "26" },
  { logger: "pino", pino: "pino7", format: "cjs", node: "26" },
  { logger: "pino's child", pino: "pino", format: "cjs", node: "26" },
  { logger: "pino with streams", pino: "pino", format: "cjs", node: "26" },
  { logger: "pino with streams", pino: "pino7", format: "cjs", node: "24" },
  { logger: "pino with streams of level info", pino: "pino9", format: "mjs", node: "26" },
  { logger: "pino with streams of level info", pino: "pino7", format: "cjs", node: "26" },
  { logger: "pino with a hook", pino: "pino9", format: "cjs", node: "26" },
];

const ALL = ["info", "debug 1", "debug 2", "debug 3"];

/** What is written of a request, by what it does. The third line of level debug comes after that. */
const OUTCOMES: Readonly<Record<string, readonly string[]>> = {
  ok: ["info"],
  "not found": ["info"],
  "server error": ALL,
  "captured error": ALL,
  "logged error": ["info", "debug 1", "debug 2", "error", "debug 3"],
  "failed span": ALL,
  "job done": ["info"],
  "job failed": ["info"],
  "client abort": ["info"],
};

/** A request pauses for 50 ms, by another clock, between its first line and that of level info. */
const MIN_WAIT_MS = 49;

const BATCH = 100;
const isFailing = (index: number): boolean => index % 2 === 0;

/** Sends one request of each outcome, and a batch of concurrent ones of which every second fails. */
async function runAllOutcomes(row: BufferedRow): Promise<BufferedRun> {
  return runBuffered(row, async (send, program) => {
    for (const outcome of Object.keys(OUTCOMES)) {
      if (outcome === "client abort") continue;
      await send(outcome, outcome);
    }
    const abort = new AbortController();
    const aborted = send("client abort", "client abort", { signal: abort.signal });
    await program.waitForStdout((text) => text.includes('"client abort"') || undefined);
    abort.abort();
    await aborted;
    await send("batch", String(BATCH));
    await Promise.all(
      Array.from({ length: BATCH }, (_, index) =>
        send(`request ${index}`, isFailing(index) ? "server error" : "ok"),
      ),
    );
    await send("end", "");
  });
}

function titleOf({ logger, pino, format, node }: BufferedRow): string {
  return `${logger}${logger.startsWith("pino") ? ` (${pino})` : ""}, ${format}, Node ${node}`;
}

describe("TELLTALE_LOG_BUFFER=debug writes lines below the level only of what failed", () => {
  for (const row of rows) {
    describe(titleOf(row), () => {
      let run: BufferedRun;

      before(async () => {
        run = await runAllOutcomes(row);
        assert.deepEqual([run.code, run.stderr], [0, ""]);
      });

      for (const [outcome, expected] of Object.entries(OUTCOMES)) {
        it(`writes ${expected.length} lines of a request that ends with: ${outcome}`, () => {
          const labels = labelsInTrace(run.lines, outcome);
          // A transport can't be given another line while it formats that of the error.
          if (row.logger === TRANSPORT_FORMAT) {
            assert.deepEqual(labels.toSorted(), expected.toSorted());
          } else assert.deepEqual(labels, expected);
        });
      }

      it("writes the line of a job that failed, and not that of one that did not", () => {
        const jobs = run.lines.filter((line) => messageOf(line) === "job");
        assert.deepEqual(jobs.map(labelOf), ["debug 1"]);
      });

      it("writes no line outside of requests and jobs", () => {
        assert.ok(run.lines.every((line) => messageOf(line) !== "outside"));
      });

      it("writes the lines of every second of 100 concurrent requests, in order, and of no other", () => {
        for (let index = 0; index < BATCH; index++) {
          const expected = isFailing(index) ? ALL : ["info"];
          assert.deepEqual(labelsInTrace(run.lines, `request ${index}`), expected);
        }
      });

      it("writes the time and the values of when a line was logged", () => {
        const [first, second, info] = ["debug 1", "debug 2", "info"].map((label) =>
          lineOf(run.lines, "server error", label),
        );
        assert.deepEqual([first?.["state"], second?.["state"]], [{ value: 1 }, { value: 2 }]);
        assert.ok(timeOf(info ?? {}) - timeOf(first ?? {}) >= MIN_WAIT_MS);
      });

      it("exports a record for each line, and no other, with its ids and its time", () => {
        const shown = run.lines.filter((line) => labelOf(line) !== "error").map(lineKeyOf);
        const exported = run.logs
          .filter(({ severityText }) => severityText !== "error")
          .map(({ body, severityText, traceId, attributes }) =>
            keyOf(body, severityText, attributes["number"], traceId),
          );
        assert.deepEqual(exported.toSorted(), shown.toSorted());
        const [first, info] = ["debug", "info"].map((level) =>
          run.logs.find(
            ({ body, severityText }) => body === "server error" && severityText === level,
          ),
        );
        assert.ok(msOf(info?.timeUnixNano) - msOf(first?.timeUnixNano) >= MIN_WAIT_MS);
      });

      it("exports no secret, and no event of a line below the level", () => {
        assert.ok(!JSON.stringify(run.logs).includes("s3cret"));
        if (row.logger === "telltale") assert.ok(!run.stdout.includes("s3cret"));
        const errors = run.events.map(({ exception }) => exception?.values?.[0]?.value ?? "");
        assert.deepEqual(errors.toSorted(), ["captured", "failed", "logged"]);
      });
    });
  }
});

/** Exports metrics, at the exit. */
const METRICS = { OTEL_METRICS_EXPORTER: "otlp" };

/** Returns the number of lines by what became of them. */
function outcomesOf({ metrics }: BufferedRun): Record<string, number> {
  const points = metrics.findLast(({ name }) => name === "telltale.log.buffer.lines")?.points ?? [];
  return Object.fromEntries(
    points.map(({ attributes, value = 0 }) => [attributes["telltale.log.buffer.outcome"], value]),
  ) as Record<string, number>;
}

function msOf(nanoseconds: string | undefined): number {
  return Number(nanoseconds) / 1e6;
}

function lineOf(lines: readonly LoggedLine[], id: string, label: string): LoggedLine | undefined {
  return lines.find((line) => messageOf(line) === id && labelOf(line) === label);
}

function keyOf(...parts: readonly unknown[]): string {
  return JSON.stringify(parts);
}

function lineKeyOf(line: LoggedLine): string {
  const [level] = labelOf(line).split(" ");
  return keyOf(messageOf(line), level, line["number"], line["trace_id"]);
}

/** One row of each implementation. */
const ownRows = ["telltale", "winston", "pino"].map((logger): BufferedRow => ({
  logger,
  pino: "pino",
  format: "mjs",
  node: "26",
}));

describe("Lines below the level that are buffered", () => {
  for (const row of ownRows) {
    it(`are written if the request is slow (${row.logger})`, async () => {
      const env = { TELLTALE_SLOW_REQUEST_MS: "3000" };
      const run = await runBuffered(
        row,
        async (send) => {
          await send("slow", "slow");
          await send("end", "");
        },
        env,
      );
      assert.deepEqual([run.code, run.stderr], [0, ""]);
      assert.deepEqual(labelsInTrace(run.lines, "slow"), ALL);
    });

    it(`are written if an error ends the process, those of its request only (${row.logger})`, async () => {
      for (const dsn of [{}, { SENTRY_DSN: "" }]) {
        const run = await runBuffered(
          row,
          async (send, program) => {
            const open = [send("other", "client abort")];
            await program.waitForStdout((text) => text.includes('"other"') || undefined);
            open.push(send("fatal", "fatal"));
            await Promise.all(open);
          },
          dsn,
        );
        assert.equal(run.code, 1);
        assert.match(run.stderr, /Error: fatal/);
        assert.deepEqual(labelsInTrace(run.lines, "fatal"), ["info", "debug 1", "debug 2"]);
        assert.deepEqual(labelsInTrace(run.lines, "other"), ["info"]);
        const records = run.logs.filter(({ severityText }) => severityText === "debug");
        assert.deepEqual(
          records.map(({ body, attributes }) => [body, attributes["number"]]),
          [
            ["fatal", 1],
            ["fatal", 2],
          ],
        );
      }
    });

    it(`are forgotten if a signal ends the process (${row.logger})`, async () => {
      const run = await runBuffered(row, async (send, program) => {
        const open = send("open", "client abort");
        await program.waitForStdout((text) => text.includes('"open"') || undefined);
        program.kill("SIGTERM");
        await open;
      });
      assert.equal(run.stderr, "");
      assert.deepEqual(labelsInTrace(run.lines, "open"), ["info"]);
    });

    it(`are written if an error is captured without Sentry (${row.logger})`, async () => {
      const run = await runBuffered(
        row,
        async (send) => {
          await send("captured", "captured error");
          await send("ok", "ok");
          await send("end", "");
        },
        { SENTRY_DSN: "", OTEL_LOGS_EXPORTER: "none" },
      );
      assert.deepEqual([run.code, run.stderr], [0, ""]);
      assert.deepEqual(labelsInTrace(run.lines, "captured"), ALL);
      assert.deepEqual(labelsInTrace(run.lines, "ok"), ["info"]);
      assert.deepEqual(run.logs, []);
    });

    it(`are dropped beyond the limits of a request, the oldest first, with a notice (${row.logger})`, async () => {
      const run = await runBuffered(
        row,
        async (send) => {
          await send("many", "too many lines");
          await send("long", "too long lines");
          await send("end", "");
        },
        METRICS,
      );
      assert.deepEqual([run.code, run.stderr], [0, ""]);
      // The last of its lines is logged after the outcome.
      const many = labelsInTrace(run.lines, "many");
      const kept = Array.from({ length: 499 }, (_, index) => `debug ${index + 1002}`);
      assert.deepEqual(many, ["info", "debug", ...kept, "debug 3"]);
      const [notice, ...others] = run.lines.filter((line) =>
        String(messageOf(line)).startsWith("telltale: "),
      );
      assert.equal(
        messageOf(notice ?? {}),
        "telltale: 1001 earlier lines were dropped, since the buffer of lines below the level was full",
      );
      assert.equal(others.length, 1);
      // A line that is too long for the buffer takes the place of all before it.
      assert.deepEqual(labelsInTrace(run.lines, "long"), ["info", "debug", "debug 3"]);
      assert.deepEqual(outcomesOf(run), { dropped: 1024, written: 501 });
    });
  }
});

const SECRET = "a-secret-of-operators";

/** Returns the signed header of a request that asks for its lines of level debug. */
function debugHeaders(): Record<string, string> {
  const until = String(Math.floor(Date.now() / 1000) + 600);
  const signature = createHmac("sha256", SECRET).update(until).digest("hex");
  return { "x-telltale-debug": `${until}.${signature}` };
}

const AT_ONCE = ["debug 1", "info", "debug 2", "debug 3"];

describe("The signed header x-telltale-debug", () => {
  for (const row of rows.filter(({ logger }) => !logger.endsWith("level info"))) {
    for (const buffer of ["", "debug"]) {
      const title = buffer === "" ? "" : ", beside TELLTALE_LOG_BUFFER";
      it(`shows the lines of level debug of its request at once, and once (${titleOf(row)}${title})`, async () => {
        const run = await runBuffered(
          row,
          async (send) => {
            const headers = debugHeaders();
            await Promise.all([
              ...["a", "b"].map((id) => send(`${id} with`, "ok", { headers })),
              ...["a", "b"].map((id) => send(`${id} without`, "ok")),
              send("failed", "server error", { headers }),
            ]);
            await send("end", "");
          },
          { TELLTALE_DEBUG_SECRET: SECRET, ...(buffer === "" && { TELLTALE_LOG_BUFFER: "" }) },
        );
        assert.deepEqual([run.code, run.stderr], [0, ""]);
        const withLevels = row.logger === "winston with levels of its transports";
        for (const id of ["a with", "b with", "failed"]) {
          const isShown = !withLevels || (buffer !== "" && id === "failed");
          const expected = withLevels ? (isShown ? ALL : ["info"]) : AT_ONCE;
          assert.deepEqual(labelsInTrace(run.lines, id), expected);
        }
        for (const id of ["a without", "b without"]) {
          assert.deepEqual(labelsInTrace(run.lines, id), ["info"]);
        }
        const levels = run.logs.map(({ severityText }) => severityText);
        assert.equal(levels.length, run.lines.length);
      });
    }
  }
});

describe("The level of a logger whose lines are buffered", () => {
  for (const row of ownRows) {
    it(`is what it was (${row.logger})`, async () => {
      const statuses: number[] = [];
      await runBuffered(row, async (send) => {
        statuses.push(await send("level", ""));
        await send("end", "");
      });
      assert.deepEqual(statuses, [404]);
    });
  }
});

/** Runs a program of `apps/` with one of the loggers until it exits. */
async function runApp(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Awaited<Program["ended"]>> {
  const program = new Program({
    file: fileURLToPath(new URL(`apps/buffered/${file}`, import.meta.url)),
    node,
    flags: [...(preload.import ?? []), "--expose-gc"],
    args,
    env: { OTEL_TRACES_EXPORTER: "none", OTEL_EXPORTER_PROMETHEUS_PORT: "0", ...env },
  });
  return program.ended;
}

/** Returns the lines after each title, without what differs between two runs: times and ids. */
function linesByTitle(stdout: string): ReadonlyMap<string, string> {
  const parts = stdout.split(/^# /m).slice(1);
  return new Map(
    parts.map((part) => {
      const [title = "", ...lines] = part.trim().split("\n");
      return [title, lines.join("\n").replace(VARIABLE_FIELDS, "")];
    }),
  );
}

const VARIABLE_FIELDS = /"(?:time|pid)":\d+|"(?:timestamp|trace_id|span_id)":"[^"]*"/g;

/** Number of the hostile values that are too large for the buffer of a unit of work. */
const MAX_DROPPED = 20;

describe("Hostile values in lines that are buffered", () => {
  for (const { logger } of ownRows) {
    it(`are written as by a logger of level debug (${logger})`, async () => {
      const env = { OTEL_LOGS_EXPORTER: "none" };
      const [buffered, direct] = await Promise.all([
        runApp("buffered-hostile.mjs", [logger], { ...env, TELLTALE_LOG_BUFFER: "debug" }),
        runApp("buffered-hostile.mjs", [logger, "direct"], env),
      ]);
      for (const { code, stderr } of [buffered, direct]) assert.deepEqual([code, stderr], [0, ""]);
      const expected = linesByTitle(direct.stdout);
      let dropped = 0;
      for (const [title, lines] of linesByTitle(buffered.stdout)) {
        // A logger of pino below its level runs no code of the app that could throw.
        const thrown = logger === "pino" ? /^thrown: .*$/m : /$^/;
        if (lines.includes("1 earlier line was dropped")) dropped++;
        else assert.equal(lines, expected.get(title)?.replace(thrown, ""), title);
      }
      assert.ok(expected.size > 60);
      assert.ok(dropped < MAX_DROPPED, `${dropped} dropped`);
    });
  }
});

describe("The memory of lines that are buffered", () => {
  for (const { logger } of ownRows) {
    for (const mode of ["", "endless"]) {
      const title = mode === "" ? "of jobs that end" : "of jobs that never end";
      it(`does not grow with the number ${title} (${logger})`, async () => {
        const { stdout, stderr, code } = await runApp("buffered-memory.cjs", [logger, mode], {
          TELLTALE_LOG_BUFFER: "debug",
          OTEL_LOGS_EXPORTER: "none",
        });
        assert.deepEqual([code, stderr], [0, ""]);
        const heap = (JSON.parse(stdout) as number[]).map((bytes) => bytes / 2 ** 20);
        const growth = (heap.at(-1) ?? Infinity) - (heap[heap.length / 2] ?? 0);
        assert.ok(growth < 10, `${heap.join(" ")} MiB`);
      });
    }
  }
});
