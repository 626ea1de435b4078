import type { IncomingMessage, ServerResponse } from "node:http";
import type { Fault, Faults } from "./fault.ts";
import type { Received, Store } from "./store.ts";

/** A list of faults is a few lines. */
const MAX_TEXT = 1024 * 1024;

const kinds: readonly (keyof Received)[] = [
  "spans",
  "logs",
  "metrics",
  "items",
  "events",
  "requests",
];

/**
 * What came in, for whoever shares no memory with the receiver: `GET /received`
 * (how many of each kind), `GET /received/spans?trace_id=…` and so on for every
 * kind, `DELETE /received`, and `PUT /faults` with a JSON list.
 */
export async function answerQuery(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  store: Store,
  faults: Faults,
): Promise<void> {
  const kind = kinds.find((name) => url.pathname === `/received/${name}`);
  if (request.method === "PUT" && url.pathname === "/faults") {
    faults.set(faultsIn(await readText(request)));
    reply(response, 200, {});
  } else if (request.method === "DELETE" && url.pathname === "/received") {
    store.clear();
    reply(response, 200, {});
  } else if (request.method === "GET" && url.pathname === "/received") {
    reply(response, 200, Object.fromEntries(kinds.map((name) => [name, store[name].length])));
  } else if (request.method === "GET" && kind !== undefined) {
    reply(response, 200, ofTrace(store[kind], url.searchParams.get("trace_id")));
  } else {
    reply(response, 404, {});
  }
}

function ofTrace(kept: readonly object[], traceId: string | null): readonly object[] {
  return traceId === null ? kept : kept.filter((one) => traceIdOf(one) === traceId);
}

/** Spans and log records carry the id themselves, Sentry's events in a context. */
function traceIdOf(one: object): string | undefined {
  const found = one as {
    traceId?: string;
    contexts?: { trace?: { trace_id?: string } };
    payload?: { contexts?: { trace?: { trace_id?: string } } };
  };
  return (
    found.traceId ?? found.contexts?.trace?.trace_id ?? found.payload?.contexts?.trace?.trace_id
  );
}

function isFault(one: unknown): boolean {
  return typeof one === "object" && one !== null && "kind" in one && typeof one.kind === "string";
}

function faultsIn(text: string): Fault[] {
  const faults: unknown = JSON.parse(text);
  if (Array.isArray(faults) && faults.every(isFault)) return faults as Fault[];
  throw new TypeError("not a list of faults");
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

async function readText(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of request.setEncoding("utf8") as AsyncIterable<string>) {
    text += part;
    if (text.length > MAX_TEXT) throw new RangeError("too long");
  }
  return text;
}
