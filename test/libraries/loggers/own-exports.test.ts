import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { linesIn, type LoggerRun, runLogger, serverSpanAt } from "./run.ts";

/** What each row logs. */
const LINES = ["plain", "low", "of a child"];

interface Row {
  readonly title: string;
  /** Bodies of the records of telltale's adaptor. */
  readonly records: readonly string[];
  /** Bodies of the records of the app: of its exporter, or events beside its lines. */
  readonly own?: readonly string[];
}

const rows: readonly Row[] = [
  { title: "winston, with OpenTelemetry's transport", records: LINES },
  { title: "winston, with only OpenTelemetry's transport", records: LINES },
  { title: "winston, with OpenTelemetry's transport for warnings", records: LINES },
  { title: "winston, with OpenTelemetry's instrumentation", records: LINES },
  { title: "winston, with a transport of the app", records: LINES, own: ["an event"] },
  { title: "bunyan, with OpenTelemetry's instrumentation", records: LINES },
  { title: "bunyan, with OpenTelemetry's stream", records: LINES },
  { title: "bunyan, with a stream of the app", records: LINES, own: ["an event"] },
  { title: "pino, with OpenTelemetry's instrumentation", records: LINES },
  { title: "pino, with a stream of the app", records: LINES, own: ["an event"] },
  { title: "pino, with pino-opentelemetry-transport", records: [], own: LINES },
  { title: "pino, with pino-opentelemetry-transport among targets", records: [], own: LINES },
  { title: "pino, with pino-opentelemetry-transport in a pipeline", records: [], own: LINES },
  {
    title: "pino, with pino-opentelemetry-transport for warnings",
    records: ["plain", "of a child"],
    own: ["low"],
  },
  {
    title: "pino, with pino-opentelemetry-transport for warnings among streams",
    records: ["plain", "of a child"],
    own: ["low"],
  },
  {
    title: "pino, with pino-opentelemetry-transport and without duplicates among targets",
    records: ["low"],
    own: ["plain", "of a child"],
  },
];

describe("A line of a logger whose app exports it already has one record", () => {
  for (const { title, records, own = [] } of rows) {
    it(`for ${title}`, async () => {
      const run = await runLogger("own-exports.cjs", { args: [title] });
      assert.equal(run.code, 0, run.stderr);
      const [library = ""] = title.split(",");
      assert.deepEqual(bodiesOf(run, library), records);
      assert.deepEqual(new Set(bodiesOf(run, "own")), new Set(own));
      assert.equal(run.logs.length, records.length + own.length);
      const { traceId } = serverSpanAt(run, "/");
      assert.deepEqual(new Set(run.logs.map((log) => log.traceId)), new Set([traceId]));
    });
  }

  it("which is in the log files too, though the app exports it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "own-exports-"));
    try {
      const run = await runLogger("own-exports.cjs", {
        args: ["pino, with pino-opentelemetry-transport"],
        env: { TELLTALE_LOG_DIR: folder },
      });
      assert.equal(run.logs.length, LINES.length);
      const lines = linesIn(await readFile(join(folder, "application.log"), "utf8"));
      assert.deepEqual(
        lines.map(({ message }) => message),
        LINES,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("which OpenTelemetry's transport makes if the instrumentation of the logger is disabled", async () => {
    const run = await runLogger("own-exports.cjs", {
      args: ["winston, with OpenTelemetry's transport"],
      env: { OTEL_NODE_DISABLED_INSTRUMENTATIONS: "winston" },
    });
    assert.deepEqual(bodiesOf(run, "@opentelemetry/winston-transport"), LINES);
    assert.equal(run.logs.length, LINES.length);
  });
});

describe("A line with the name of an event has a record with that name", () => {
  for (const library of ["winston", "bunyan", "pino"]) {
    it(`with ${library}`, async () => {
      const run = await runLogger("own-exports.cjs", {
        args: [`${library}, with the name of an event`],
      });
      assert.deepEqual(
        run.logs.map(({ body, eventName, scope, attributes }) => [
          body,
          eventName,
          scope.name,
          attributes["otel.event.name"],
        ]),
        [["plain", "shelf.low", library, undefined]],
      );
    });
  }
});

function bodiesOf({ logs }: LoggerRun, scope: string): unknown[] {
  return logs.filter((log) => log.scope.name === scope).map(({ body }) => body);
}
