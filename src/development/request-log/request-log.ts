import { type Context, type HrTime, type Span, SpanKind, SpanStatusCode } from "@opentelemetry/api";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { ReadableSpan, SpanProcessor } from "@opentelemetry/sdk-trace";
import { now } from "../../clock.ts";
import { activeContext } from "../../context/manager.ts";
import { watchedUnitIn } from "../../context/unit-access.ts";
import type { ArrivingWork, WatchedUnit, WorkObserver } from "../../context/unit-views.ts";
import { LineWriter } from "../../diagnostics/line-writer.ts";
import { createStyleText } from "../../diagnostics/terminal-style.ts";
import { callOfSpan, type SpanLike } from "../../queries/call.ts";
import { CallSiteReader } from "../call-site.ts";
import { SourcePositions } from "../../profiling/source-positions.ts";
import { viewerAttributesOf } from "../span-data.ts";
import { queryLine } from "./query-line.ts";
import { type ReportedError, unitLines } from "./unit-lines.ts";
import { UnitRecord } from "./unit-record.ts";

export interface RequestLogOptions {
  /** Whether each query has a line, too. */
  readonly level: "requests" | "queries";
  /** Repeated calls that are not reported. */
  readonly ignoredCalls: readonly string[];
  /** Minimum duration of a slow request, in milliseconds. */
  readonly slowMs: number;
}

/** One writer, since the process has one stderr. */
const stderr = new LineWriter(() => process.stderr);

/** Scopes of log records that are telltale's own. */
const OWN_SCOPE = "telltale/";

/**
 * Writes a line to stderr for each unit of work, with its queries, and marks what is slow, repeated
 * or failed. For a developer's terminal.
 */
export class DevelopmentRequestLog implements SpanProcessor, WorkObserver {
  readonly #options: RequestLogOptions;
  readonly #style = createStyleText(process.stderr);
  readonly #sites = new CallSiteReader(new SourcePositions());
  /** By the span of the unit, whose end is that of the unit. */
  readonly #bySpan = new WeakMap<object, UnitRecord>();
  readonly #byUnit = new WeakMap<WatchedUnit, UnitRecord>();
  /** The units of calls in progress: a call may end in the context of another one. */
  readonly #byCall = new WeakMap<object, UnitRecord>();

  constructor(options: RequestLogOptions) {
    this.#options = options;
  }

  arriving(_work: ArrivingWork): void {}

  started(unit: WatchedUnit): void {
    const { span } = unit;
    if (span === undefined) return;
    const record = new UnitRecord(unit);
    this.#bySpan.set(span, record);
    this.#byUnit.set(unit, record);
  }

  onStart(span: Span & ReadableSpan, parent: Context): void {
    if (span.kind !== SpanKind.CLIENT) return;
    const record = this.#recordIn(parent);
    if (record !== undefined) this.#byCall.set(span, record);
  }

  onEnd(span: ReadableSpan): void {
    try {
      const record = this.#bySpan.get(span);
      if (record !== undefined) this.#writeUnit(span, record);
      else if (span.kind === SpanKind.CLIENT) this.#addCall(span);
    } catch {
      // A getter of the app throws. The line is missing.
    }
  }

  /** Counts a line of the app. Never throws. */
  addRecord(record: ReadableLogRecord): void {
    if (record.instrumentationScope.name.startsWith(OWN_SCOPE)) return;
    this.#recordIn(activeContext())?.addLine(record.severityNumber ?? 0);
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}

  #recordIn(context: Context): UnitRecord | undefined {
    const unit = watchedUnitIn(context);
    return unit && this.#byUnit.get(unit);
  }

  #addCall(span: ReadableSpan): void {
    const record = this.#byCall.get(span);
    const call = spanLikeOf(span);
    record?.addCall(call);
    if (this.#options.level !== "queries") return;
    const query = callOfSpan(call, "");
    if (query === undefined || query.source === "http") return;
    stderr.write(queryLine(query, call, record?.unit, this.#style));
  }

  #writeUnit(span: ReadableSpan, record: UnitRecord): void {
    const { slowMs, ignoredCalls } = this.#options;
    const lines = unitLines(record, {
      at: new Date(),
      endedAt: now(),
      durationMs: millisecondsOf(span.duration),
      status: span.attributes["http.response.status_code"],
      errorType: span.attributes["error.type"],
      errors: this.#errorsOf(span),
      slowMs,
      ignoredCalls,
      style: this.#style,
    });
    stderr.write(lines.join("\n"));
  }

  #errorsOf({ events }: ReadableSpan): ReportedError[] {
    return events
      .filter(({ name }) => name === "exception")
      .map(({ attributes = {} }) => {
        const {
          "exception.type": type,
          "exception.message": message,
          "exception.stacktrace": stack,
        } = attributes;
        const [place] = (typeof stack === "string" ? this.#sites.parse(stack) : undefined) ?? [];
        return { type: textOf(type) ?? "Error", message: textOf(message) ?? "", place };
      });
  }
}

function spanLikeOf(span: ReadableSpan): SpanLike {
  const viewer = viewerAttributesOf(span) ?? [];
  const attributes: Record<string, unknown> = { ...span.attributes };
  for (let at = 0; at < viewer.length; at += 2) attributes[String(viewer[at])] = viewer[at + 1];
  return {
    spanId: span.spanContext().spanId,
    parentSpanId: span.parentSpanContext?.spanId,
    name: span.name,
    isClient: true,
    start: millisecondsOf(span.startTime),
    durationMs: millisecondsOf(span.duration),
    failed: span.status.code === SpanStatusCode.ERROR,
    attributes,
  };
}

function millisecondsOf([seconds, nanos]: HrTime): number {
  return seconds * 1000 + nanos / 1e6;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
