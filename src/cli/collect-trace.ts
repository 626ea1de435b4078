import type { ReceivedEvent, ReceivedLog, ReceivedSpan } from "../testing/received.ts";
import type { Receiver } from "../testing/receiver.ts";
import type { Received } from "../testing/store.ts";
import type { CollectedTrace } from "./trace-drawing.ts";
import type { ServiceAddress } from "./scenario.ts";

/**
 * All of the trace of one request that failed in each of the services, as soon
 * as it has come in: nothing here knows how long that takes.
 *
 * @param requestId the `x-request-id` that came back with its answer.
 */
export async function collectTraceOfRequest(
  receiver: Receiver,
  requestId: string,
  services: readonly ServiceAddress[],
): Promise<CollectedTrace> {
  const { traceId } = await receiver.waitFor(
    ({ spans }) => spans.find((span) => span.attributes["telltale.request.id"] === requestId),
    `server span of request ${requestId}`,
  );
  await receiver.waitFor(
    (received) => services.every(({ name }) => hasReported(received, traceId, name)),
    `whole of trace ${traceId}`,
  );
  return collectTrace(receiver, traceId, services);
}

/**
 * A service has told its part: its last span (whose parent is another's), a log
 * line and an event. Events don't name their service, but its span.
 */
function hasReported({ spans, logs, events }: Received, traceId: string, service: string): boolean {
  const own = spans.filter((span) => span.traceId === traceId && serviceNameIn(span) === service);
  const ids = new Set(own.map((span) => span.spanId));
  const isFailed = (event: ReceivedEvent): boolean =>
    ids.has(String(event.contexts?.["trace"]?.["span_id"]));
  return (
    own.some((span) => span.kind === "SERVER") &&
    logs.some((log) => log.traceId === traceId && serviceNameIn(log) === service) &&
    events.some(isFailed)
  );
}

function serviceNameIn({ resource }: ReceivedSpan | ReceivedLog): unknown {
  return resource.attributes["service.name"];
}

/** What there is of a trace now. */
export async function collectTrace(
  receiver: Receiver,
  traceId: string,
  services: readonly ServiceAddress[],
): Promise<CollectedTrace> {
  const samples = await Promise.all(services.map((service) => fetchSamples(service, traceId)));
  return {
    traceId,
    spans: receiver.spans.filter((span) => span.traceId === traceId),
    logs: receiver.logs.filter((log) => log.traceId === traceId),
    samples: samples.flat(),
    events: receiver.events.filter((event) => traceIdOf(event) === traceId),
  };
}

/** There is a root, and no span refers to a parent that isn't there. */
export function isComplete(spans: readonly ReceivedSpan[]): boolean {
  const ids = new Set(spans.map((span) => span.spanId));
  return spans.length > 0 && spans.every(({ parentSpanId: id }) => id === "" || ids.has(id));
}

function traceIdOf(event: ReceivedEvent): unknown {
  return event.contexts?.["trace"]?.["trace_id"];
}

/** The request durations whose exemplar is the trace, from the service's own page. */
async function fetchSamples(
  { name, adminUrl }: ServiceAddress,
  traceId: string,
): Promise<CollectedTrace["samples"]> {
  const page = await fetchPage(`${adminUrl}/metrics`);
  return page
    .split("\n")
    .filter(
      (line) => line.startsWith("http_server_request_duration_seconds") && line.includes(traceId),
    )
    .map((line) => ({ service: name, line }));
}

/** Exemplars are in OpenMetrics alone. A command of somebody's may have no page. */
async function fetchPage(url: string): Promise<string> {
  try {
    const accept = "application/openmetrics-text; version=1.0.0";
    return await (await fetch(url, { headers: { accept } })).text();
  } catch {
    return "";
  }
}
