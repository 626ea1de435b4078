import type { IncomingMessage, ServerResponse } from "node:http";
import type { Fault, Faults } from "./fault.ts";
import type { Received, ReceivedStore } from "./store.ts";

/** Maximum size of a list of faults. */
const MAX_TEXT = 1024 * 1024;

const kinds: readonly (keyof Received)[] = [
  "spans",
  "logs",
  "metrics",
  "items",
  "events",
  "feedback",
  "checkIns",
  "sessions",
  "clientReports",
  "requests",
];

/**
 * Handles the query API, for other processes: `GET /received` (the number of items of
 * each kind), `GET /received/spans?trace_id=…` and so on for every kind, `DELETE
 * /received`, and `PUT /faults` with a JSON list.
 */
export async function handleQuery(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  store: ReceivedStore,
  faults: Faults,
): Promise<void> {
  const kind = kinds.find((name) => url.pathname === `/received/${name}`);
  if (request.method === "PUT" && url.pathname === "/faults") {
    faults.set(parseFaults(await readText(request)));
    reply(response, 200, {});
  } else if (request.method === "DELETE" && url.pathname === "/received") {
    store.clear();
    reply(response, 200, {});
  } else if (request.method === "GET" && url.pathname === "/received") {
    reply(response, 200, Object.fromEntries(kinds.map((name) => [name, store[name].length])));
  } else if (request.method === "GET" && kind !== undefined) {
    reply(response, 200, filterByTrace(store[kind], url.searchParams.get("trace_id")));
  } else {
    reply(response, 404, {});
  }
}

function filterByTrace(items: readonly object[], traceId: string | null): readonly object[] {
  return traceId === null ? items : items.filter((item) => traceIdOf(item) === traceId);
}

/** Returns the trace id of a span or log record, or that in the trace context of a Sentry event. */
function traceIdOf(item: object): string | undefined {
  const fields = item as {
    traceId?: string;
    contexts?: { trace?: { trace_id?: string } };
    payload?: { contexts?: { trace?: { trace_id?: string } } };
  };
  return (
    fields.traceId ?? fields.contexts?.trace?.trace_id ?? fields.payload?.contexts?.trace?.trace_id
  );
}

function isFault(item: unknown): boolean {
  return (
    typeof item === "object" && item !== null && "kind" in item && typeof item.kind === "string"
  );
}

function parseFaults(text: string): Fault[] {
  const faults: unknown = JSON.parse(text);
  if (Array.isArray(faults) && faults.every(isFault)) return faults as Fault[];
  throw new TypeError("expected a JSON list of faults");
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

async function readText(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of request.setEncoding("utf8") as AsyncIterable<string>) {
    text += part;
    if (text.length > MAX_TEXT) throw new RangeError("list of faults too long");
  }
  return text;
}
