import type { Received } from "../../../src/testing/store.ts";
import type { ProgramResult } from "../../integration/program.ts";
import type {
  ReceivedAttributes,
  ReceivedLog,
  ReceivedMetric,
  ReceivedPoint,
  ReceivedSpan,
} from "../../../src/testing/received.ts";

/** What a run has sent, and how its processes have ended; events are those of Sentry. */
export interface Telemetry {
  readonly received: Pick<Received, "spans" | "metrics" | "logs" | "events">;
  readonly processes: readonly Pick<ProgramResult, "code" | "stdout" | "stderr">[];
}

/** A part of a run's telemetry as a line of text, by which two runs are compared. */
export type Fact = string;

/**
 * Returns what two runs of the same app must have in common: what differs from run to run
 * (ids, ports, times, stacks, the runtime's own values) is replaced by its kind.
 */
export function factsOf({ received, processes }: Telemetry): Fact[] {
  const spans = new Map(received.spans.map((span) => [span.spanId, span]));
  return [
    ...received.spans.map((span) => spanFact(span, spans)),
    ...received.logs.map((log) => logFact(log, spans)),
    ...received.metrics.filter(isDeterministic).flatMap(metricFacts),
    ...received.events.flatMap((event) => eventFacts(event, spans)),
    ...resourceFacts(received),
    ...processes.flatMap(processFacts),
  ].toSorted();
}

type Spans = ReadonlyMap<string, ReceivedSpan>;

function spanFact(span: ReceivedSpan, spans: Spans): Fact {
  const { name, kind, status, scope, flags, traceState } = span;
  return factOf("span", {
    name,
    kind,
    flags,
    traceState,
    scope: scope.name,
    status,
    parent: parentOf(span, spans),
    attributes: valuesOf(span.attributes),
    events: span.events.map(({ name, attributes }) => ({ name, attributes: valuesOf(attributes) })),
    links: span.links.map(({ spanId, flags: linkFlags, attributes }) => ({
      to: spans.get(spanId)?.name ?? "unknown",
      flags: linkFlags,
      attributes: valuesOf(attributes),
    })),
    dropped: [span.droppedAttributesCount, span.droppedEventsCount, span.droppedLinksCount],
  });
}

function parentOf({ parentSpanId, traceId }: ReceivedSpan, spans: Spans): string {
  if (parentSpanId === "") return "none";
  const parent = spans.get(parentSpanId);
  if (parent === undefined) return "of another process";
  return parent.traceId === traceId ? parent.name : `of another trace: ${parent.name}`;
}

function logFact(log: ReceivedLog, spans: Spans): Fact {
  const { severityNumber, severityText, eventName, scope, body, attributes, flags } = log;
  // Of a line that a busy process has logged later than its library has read the clock.
  const { time: _, ...others } = attributes;
  const span = log.spanId === "" ? "none" : (spans.get(log.spanId)?.name ?? "unknown");
  return factOf("log", {
    body: masked("", body),
    span,
    flags,
    scope: scope.name,
    severity: [severityNumber, severityText],
    eventName,
    attributes: valuesOf(others),
  });
}

/** The runtime, the process, the exporters and connections have values of their own in each run. */
function isDeterministic({ name }: ReceivedMetric): boolean {
  return !/^(nodejs|v8js|process|system|container|otel|telltale\.(health|eventloop|telemetry|container)|http\.client\.(open_connections|connection)|db\.client\.connection)\b/.test(
    name,
  );
}

function metricFacts(metric: ReceivedMetric): Fact[] {
  const { name, unit, type, description, temporality, monotonic, scope, points } = metric;
  return points.map((point) =>
    factOf("metric", {
      name,
      unit,
      type,
      description,
      temporality,
      monotonic,
      scope: scope.name,
      attributes: valuesOf(point.attributes),
      value: valueOf(metric, point),
    }),
  );
}

/** Durations, sizes of connections and times differ, their number doesn't. */
function valueOf({ type, name }: ReceivedMetric, { count, bounds, value }: ReceivedPoint): unknown {
  if (type === "histogram") return { count, bounds };
  return name.endsWith("last_success") ? "varies" : value;
}

function eventFacts(event: Readonly<Record<string, unknown>>, spans: Spans): Fact[] {
  const { contexts, tags, transaction, level, user, message } = event;
  const trace = (contexts as { readonly trace?: { readonly span_id?: string } } | undefined)?.trace;
  return [
    factOf("event", {
      text: textOf(event) ?? message,
      transaction,
      level,
      user: user === undefined ? undefined : masked("user", user),
      tags: tags === undefined ? undefined : valuesOf(tags as ReceivedAttributes),
      span: spans.get(String(trace?.span_id))?.name ?? "none",
    }),
  ];
}

function textOf({ exception }: Readonly<Record<string, unknown>>): unknown {
  const { values } = (exception ?? {}) as { readonly values?: readonly object[] };
  return values?.map((value) => (value as { readonly value?: unknown }).value).join(" < ");
}

/** Each signal has the resource of each process. */
function resourceFacts({ spans, logs, metrics }: Telemetry["received"]): Fact[] {
  const signals = { spans, logs, metrics };
  return Object.entries(signals).flatMap(([signal, items]) => [
    ...new Set(
      items.map(({ resource }) =>
        factOf(`resource of ${signal}`, {
          attributes: valuesOf(resource.attributes),
          schemaUrl: resource.schemaUrl,
        }),
      ),
    ),
  ]);
}

function processFacts({ code, stdout, stderr }: Telemetry["processes"][number]): Fact[] {
  return [
    factOf("process", { code }),
    ...linesOf(stdout).map((line) => factOf("stdout", { line })),
    ...linesOf(stderr).map((line) => factOf("stderr", { line })),
  ];
}

/** Ports, ids of processes and times are numbers of four digits or more. */
function linesOf(text: string): unknown[] {
  return text
    .split("\n")
    .filter((line) => !/^\s+at /.test(line))
    .map((line) => String(masked("", line)).replaceAll(/\b\d{4,}\b|(?<=_ms": )[\d.]+/g, "N"));
}

function factOf(kind: string, parts: Readonly<Record<string, unknown>>): Fact {
  return `${kind} ${JSON.stringify(parts)}`;
}

function valuesOf(attributes: ReceivedAttributes): Readonly<Record<string, unknown>> {
  const names = Object.keys(attributes).toSorted();
  return Object.fromEntries(names.map((name) => [name, masked(name, attributes[name])]));
}

/** Attributes with another value in each run. */
const VARIABLE =
  /^_?time|(\.port|_port|request[._]id|stacktrace|\.pid|thread\.id|duration|_ms|\.address|message\.id|client_id|timestamp|\.time|partition|offset)$/;

/** Replaces what differs from run to run. */
function masked(name: string, value: unknown): unknown {
  if (VARIABLE.test(name)) return "varies";
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([key, part]) => [key, masked(key, part)]);
    return Array.isArray(value) ? entries.map(([, part]) => part) : Object.fromEntries(entries);
  }
  if (typeof value !== "string") return value;
  return value
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "uuid")
    .replaceAll(/\b[0-9a-f]{16,32}\b/g, "id")
    .replaceAll(/(?<=(localhost|127\.0\.0\.1|\[::1\])):\d+/g, ":port")
    .replaceAll(/(?<="(time|pid)":)\d+/g, "N")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z|\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT/g, "time")
    .replaceAll(/(?<=[_"]time\w*\\*":)\[[\d,]+\]|(?<=_ms\\*":)[\d.]+/g, "N")
    .replaceAll(/\b\d+(\.\d+)?( ?ms)\b/g, "N ms");
}
