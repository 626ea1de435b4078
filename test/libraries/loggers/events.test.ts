import assert from "node:assert/strict";
import type { ReceivedEvent } from "../../../src/testing/received.ts";
import { eventProblems } from "../../errors/event-schema/problems.ts";
import { type LoggerRun, runLogger } from "./run.ts";

/** Properties of the event of a call, where they are not those of all. */
interface ExpectedEvent {
  readonly logger: string;
  readonly level?: string;
  /** The message of the line; default: that of the error. */
  readonly line?: string;
  /** The message of the error in Sentry; default: that of the error. */
  readonly value?: string;
  /** Other fields of the line; `err` is what precedes the message of the error in it. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

type Expected = Readonly<Record<string, ExpectedEvent>>;

const line = "a message";
const shop = { logger: "shop", fields: { name: "shop" } };
const pino = { logger: "pino" };

/** The events by the name of their call, by logger. Other calls are no events. */
const expectedEvents: Readonly<Record<"pino" | "bunyan" | "console", Expected>> = {
  pino: {
    error: shop,
    fatal: { ...shop, level: "fatal", line },
    field: { ...shop, line, fields: { name: "shop", order: 7 } },
    "other field": { ...shop, line },
    child: { ...shop, fields: { name: "shop", a: 1 } },
    hook: pino,
    nested: pino,
    serializer: { ...pino, fields: { err: "" } },
    redacted: { ...pino, value: "[Redacted]" },
  },
  bunyan: {
    error: shop,
    fatal: { ...shop, level: "fatal", line },
    field: { ...shop, fields: { name: "shop", order: 7 } },
    unserialized: { ...shop, line },
    "other field": { ...shop, line },
    child: { ...shop, fields: { name: "shop", a: 1 } },
    serializer: shop,
    "text serializer": { ...shop, fields: { name: "shop", err: "TypeError: " } },
    "child with serializers": shop,
    raw: shop,
  },
  console: {
    error: { logger: "console" },
    argument: { logger: "console" },
    format: { logger: "console" },
  },
};

const versions = [
  { pino: "pino", bunyan: "bunyan", node: "26" },
  { pino: "pino9", bunyan: "bunyan", node: "24" },
  { pino: "pino8", bunyan: "bunyan1", node: "22.15" },
  { pino: "pino7", bunyan: "bunyan1", node: "26" },
] as const;

const modes = [
  ["with log records", {}],
  ["without log records", { OTEL_LOGS_EXPORTER: "none" }],
] as const;

for (const { pino, bunyan, node } of versions) {
  for (const [mode, env] of modes) {
    describe(`Errors logged by ${pino}, ${bunyan} and the console on Node ${node}, ${mode}`, () => {
      let run: LoggerRun;
      before(async () => {
        run = await runLogger("events.cjs", {
          node,
          args: [pino, bunyan],
          env: { TELLTALE_LOG_EVENTS: "true", ...env },
        });
        assert.equal(run.code, 0, run.stderr);
      });

      for (const place of ["request", "process"]) {
        for (const [library, calls] of Object.entries(expectedEvents)) {
          it(`are one event each, with their lines, of ${library} in the ${place}`, () => {
            const prefix = `${place}: ${library}: `;
            const found = run.events.map(summarize).filter(({ name }) => name.startsWith(prefix));
            const expected = Object.entries(calls).map(([name, call]) => {
              const text = prefix + name;
              const { line: message = text, value = text, level = "error", logger } = call;
              const { err, ...fields } = call.fields ?? {};
              const own = typeof err === "string" ? { ...fields, err: err + text } : fields;
              const mechanism = `auto.log.${library}`;
              return { name: text, value, level, logger, mechanism, log: { ...own, message } };
            });
            assert.deepEqual(found.toSorted(byName), expected.toSorted(byName));
          });
        }
      }

      it("are no others", () => {
        const calls = Object.values(expectedEvents).flatMap(Object.keys);
        assert.equal(run.events.length, calls.length * 2);
      });

      it("are valid by Sentry's documentation", () => {
        assert.deepEqual(run.events.flatMap(eventProblems), []);
      });

      it("have their id on the log records of their lines", () => {
        const names = new Map(run.events.map((event) => [event.event_id, summarize(event).name]));
        for (const { body, attributes } of run.logs) {
          const text = JSON.stringify([body, attributes]);
          const isEvent = !text.includes(": no ");
          const name = names.get(attributes["sentry.event_id"] as string);
          if (isEvent) assert.ok(name !== undefined && text.includes(name), text);
          // Later lines of a request have the id of its last event.
          else if (text.includes("process: ")) assert.equal(name, undefined, text);
        }
      });
    });
  }
}

interface Summary {
  /** The place, library and name of the call. */
  readonly name: string;
  readonly value: string | undefined;
  readonly level: string | undefined;
  readonly logger: unknown;
  readonly mechanism: unknown;
  readonly log: Readonly<Record<string, unknown>>;
}

function summarize({ exception, level, logger, contexts }: ReceivedEvent): Summary {
  const { value, mechanism } = exception?.values?.at(-1) ?? {};
  const log = { ...contexts?.["log"] };
  // What the console, and bunyan with some serializers, show is no message of the error.
  if (logger === "console" || log["message"] === "undefined") log["message"] = value;
  const name = value === "[Redacted]" ? String(log["message"]) : (value ?? "");
  return { name, value, level, logger, mechanism: mechanism?.["type"], log };
}

function byName(a: Summary, b: Summary): number {
  return a.name < b.name ? -1 : 1;
}
