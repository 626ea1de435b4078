import type { ReceivedEvent, ReceivedLog, ReceivedSpan } from "../../testing/received.ts";
import type { Receiver } from "../../testing/receiver.ts";
import type { Received } from "../../testing/store.ts";
import type { CollectedTrace } from "./trace-drawing.ts";
import type { ServiceAddress } from "./scenario.ts";

/**
 * Collects the complete trace of a request that failed in each of the services, and
 * waits until every part has been received.
 *
 * @param requestId the `x-request-id` of its response.
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
    `complete trace ${traceId}`,
  );
  return collectTrace(receiver, traceId, services);
}

/**
 * Whether a service has reported its part of the trace: its server span (which ends
 * last), a log record and an event. Events name a span, not their service.
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

/** Collects the received parts of a trace. */
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

/** Whether the parents of all spans have been received. */
export function isComplete(spans: readonly ReceivedSpan[]): boolean {
  const ids = new Set(spans.map((span) => span.spanId));
  return spans.length > 0 && spans.every(({ parentSpanId: id }) => id === "" || ids.has(id));
}

function traceIdOf(event: ReceivedEvent): unknown {
  return event.contexts?.["trace"]?.["trace_id"];
}

/** Fetches the request durations that have the trace as their exemplar, from the service's metrics page. */
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

/** Fetches a page in OpenMetrics, the format with exemplars. A command may have no metrics page. */
async function fetchPage(url: string): Promise<string> {
  try {
    const accept = "application/openmetrics-text; version=1.0.0";
    return await (await fetch(url, { headers: { accept } })).text();
  } catch {
    return "";
  }
}
