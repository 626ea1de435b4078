import assert from "node:assert/strict";
import type { ReceivedLog } from "../../../src/testing/received.ts";
import { loggers } from "./rows.ts";
import { type LoggedLine, linesIn, type LoggerRun, runLogger, serverSpanAt } from "./run.ts";

const PATHS = ["/one", "/two"];

/** A record of one request, without what differs between requests. */
interface Expected {
  readonly message: string;
  readonly severityText: string;
  readonly severityNumber: number;
  /** Attributes except for the ids, the path and the exception. */
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly exception?: { readonly type: string; readonly message: string };
}

/** The body of a line without a message. */
const WHOLE_LINE = "the line";

const RECORDS = {
  pino: [
    output("plain", "info", 9),
    output("ordered a cup", "info", 9, { item: "cup", count: 2 }),
    output("paid", "warn", 13, {
      password: "[Redacted]",
      card: { number: "[Redacted]", type: "visa" },
    }),
    {
      ...output("failed", "error", 17),
      exception: { type: "E_STOCK", message: "no cup left" },
    },
    {
      ...output("failed otherwise", "error", 17),
      exception: { type: "TypeError", message: "not a cup" },
    },
    output(WHOLE_LINE, "debug", 5, { nested: { deep: [1, "two", null] } }),
    output("between info and warn", "notice", 10),
    output("with its own request id", "info", 9, { request_id: "its-own" }),
    output("of another trace", "info", 9, { trace_id: "0af7651916cd43dd8448eb211c80319c" }),
  ],
  bunyan: [
    output("plain", "info", 9),
    output("ordered a cup", "info", 9, { item: "cup", count: 2 }),
    {
      ...output("failed", "error", 17),
      exception: { type: "E_STOCK", message: "no cup left" },
    },
    output("nested", "debug", 5, { nested: { deep: [1, "two", null] } }),
    output("by way of the console", "warn", 13, { name: "console" }),
    output("with its own request id", "info", 9, { request_id: "its-own" }),
  ],
} as const satisfies Record<string, readonly Expected[]>;

/** Fields on every line of the logger. */
const BOUND = { pino: { app: "shop" }, bunyan: { name: "shop" } };

for (const { library, installed, moduleSystem, node, program } of loggers) {
  describe(`${library} as ${installed} in ${moduleSystem} on Node ${node}`, () => {
    let bare: LoggerRun;
    let run: LoggerRun;
    let records: readonly ReceivedLog[];

    before(async () => {
      const app = `${program}.${moduleSystem === "esm" ? "mjs" : "cjs"}`;
      const options = { node, args: [installed] };
      [bare, run] = await Promise.all([
        runLogger(app, { ...options, bare: true }),
        runLogger(app, options),
      ]);
      records = run.logs.filter(({ attributes }) => attributes["path"] !== undefined);
    });

    it("writes the ids of its request on each line, and the rest as without telltale", () => {
      assert.equal(run.code, 0);
      assert.equal(run.stderr, bare.stderr);
      const lines = linesIn(run.stdout);
      assert.deepEqual(
        lines.map(withoutVolatileFields),
        linesIn(bare.stdout).map(withoutVolatileFields),
      );
      for (const path of PATHS) {
        const own = lines.filter((line) => line["path"] === path);
        assert.equal(own.length, RECORDS[program].length);
        for (const line of own) assert.deepEqual(idsOf(line), expectedIds(run, path, line));
      }
    });

    it("makes one record for each line, with what the line shows", () => {
      for (const path of PATHS) {
        const own = records.filter(({ attributes }) => attributes["path"] === path);
        assert.deepEqual(own.map(shown), RECORDS[program].map(expectedOf(path, run, program)));
      }
      const others = run.logs.filter((record) => !records.includes(record));
      assert.deepEqual(
        others.map(({ body, traceId, attributes }) => ({ body, traceId, attributes })),
        [{ body: "open", traceId: "", attributes: BOUND[program] }],
      );
    });

    it("makes records with the trace, the time and the stack of their lines", () => {
      const lines = linesIn(run.stdout).filter((line) => line["path"] !== undefined);
      assert.equal(records.length, lines.length);
      for (const [at, record] of records.entries()) {
        const span = serverSpanAt(run, textOf(record, "path"));
        assert.deepEqual([record.traceId, record.spanId], [span.traceId, span.spanId]);
        assert.equal(record.scope.name, library);
        const lineMs = new Date(lines[at]?.["time"] as string | number).getTime();
        assert.ok(Math.abs(Number(BigInt(record.timeUnixNano) / 1_000_000n) - lineMs) < 1000);
        if (record.body === "failed")
          assert.match(textOf(record, "exception.stacktrace"), /^RangeError: no cup left\n +at /);
      }
    });
  });
}

function output(
  message: string,
  severityText: string,
  severityNumber: number,
  attributes: Readonly<Record<string, unknown>> = {},
): Expected {
  return { message, severityText, severityNumber, attributes };
}

/** Fields that differ in each run. */
const VOLATILE_FIELDS = new Set([
  "time",
  "pid",
  "trace_id",
  "span_id",
  "trace_flags",
  "request_id",
]);

/** Removes what differs in each run, and the stack. */
function withoutVolatileFields(line: LoggedLine): LoggedLine {
  const stableFields = Object.entries(line).filter(([key]) => !VOLATILE_FIELDS.has(key));
  return { ...Object.fromEntries(stableFields), err: messageOf(line["err"]) };
}

function messageOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "message" in error ? error.message : error;
}

/** Returns an attribute that is a text. */
function textOf(record: ReceivedLog | undefined, name: string): string {
  const value = record?.attributes[name];
  return typeof value === "string" ? value : "";
}

function idsOf({ trace_id, span_id, trace_flags, request_id }: LoggedLine): LoggedLine {
  return { trace_id, span_id, trace_flags, request_id };
}

function expectedIds(run: LoggerRun, path: string, line: LoggedLine): LoggedLine {
  const span = serverSpanAt(run, path);
  const message = line["msg"];
  const isForeign = message === "of another trace";
  return {
    trace_id: isForeign ? "0af7651916cd43dd8448eb211c80319c" : span.traceId,
    span_id: isForeign ? undefined : span.spanId,
    trace_flags: isForeign ? undefined : `0${span.flags & 0xff}`,
    request_id:
      message === "with its own request id" ? "its-own" : span.attributes["telltale.request.id"],
  };
}

function shown({ body, severityText, severityNumber, attributes }: ReceivedLog): object {
  const { "exception.stacktrace": _, ...rest } = attributes;
  const isLine = typeof body === "string" && body.startsWith('{"level":');
  return { body: isLine ? WHOLE_LINE : body, severityText, severityNumber, attributes: rest };
}

function expectedOf(path: string, run: LoggerRun, program: keyof typeof BOUND) {
  return ({ message, severityText, severityNumber, attributes, exception }: Expected): object => ({
    body: message,
    severityText,
    severityNumber,
    attributes: {
      ...BOUND[program],
      path,
      "telltale.request.id": serverSpanAt(run, path).attributes["telltale.request.id"],
      ...attributes,
      ...(exception && {
        "exception.type": exception.type,
        "exception.message": exception.message,
      }),
    },
  });
}
