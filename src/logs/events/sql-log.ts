import { type Context, type HrTime, type Span, SpanKind } from "@opentelemetry/api";
import type { ReadableSpan, SpanProcessor } from "@opentelemetry/sdk-trace";
import { logIdsIn } from "../../context/unit-access.ts";
import type { LogIds } from "../../context/unit-views.ts";
import { ROOT_CONTEXT } from "../../context/context.ts";
import type { TelltaleLoggerProvider } from "../logger.ts";
import { EventLog } from "./event-log.ts";
import { writeLineToStdout } from "./stdout.ts";

/** Attributes of a span that its line has, too. */
const ATTRIBUTES = ["db.system.name", "db.namespace", "db.response.returned_rows", "error.type"];

const OUTPUTS = [writeLineToStdout];

/** Logs each query when its span ends. */
class SqlLog implements SpanProcessor {
  readonly #log: EventLog;
  /** Ids of the units of work of queries in progress; their end may be in the context of another one. */
  readonly #ids = new WeakMap<object, LogIds>();

  constructor(provider: TelltaleLoggerProvider) {
    this.#log = new EventLog(provider, { name: "telltale/sql" });
  }

  onStart(span: Span & ReadableSpan, parent: Context): void {
    const ids = span.kind === SpanKind.CLIENT ? logIdsIn(parent) : undefined;
    if (ids !== undefined) this.#ids.set(span, ids);
  }

  onEnd(span: ReadableSpan): void {
    if (span.kind !== SpanKind.CLIENT) return;
    const { attributes } = span;
    const { "db.query.text": statement } = attributes;
    if (statement === undefined) return;
    this.#log.write(
      {
        name: "telltale.query",
        level: "debug",
        message: "query",
        time: toSeconds(span.endTime) * 1000,
        attributes: {
          "db.query.text": statement,
          "db.client.operation.duration": toSeconds(span.duration),
          ...Object.fromEntries(ATTRIBUTES.map((name) => [name, attributes[name]])),
        },
      },
      { context: ROOT_CONTEXT, spanContext: span.spanContext(), unit: this.#ids.get(span) },
      OUTPUTS,
    );
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}

function toSeconds([seconds, nanos]: HrTime): number {
  return Math.round(seconds * 1e6 + nanos / 1000) / 1e6;
}

export function createSqlLog(provider: TelltaleLoggerProvider): SpanProcessor {
  return new SqlLog(provider);
}
