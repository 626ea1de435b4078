import { randomFillSync } from "node:crypto";
import { gzipSync } from "node:zlib";
import { type Attributes, type HrTime, SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { spans } from "../../src/export/otlp/otlp-protobuf.ts";

/** Traffic of two services: the shop calls the stock, and both call their databases. */
export const TRAFFIC_SPANS_PER_TRACE = 6;
/** Traces per request, so that it has about as many spans as the preload's batch, 512. */
export const TRACES_PER_REQUEST = 160;
/** One of so many traces has an error, in the stock. */
const FAILED_TRACE_INTERVAL = 80;

/**
 * Export requests as the preload creates them: its own protobuf encoding and the
 * attributes of its instrumentations. They are encoded once; each time they are
 * sent they get new trace ids and are compressed.
 */
export class Traffic {
  readonly #gzip: boolean;
  readonly #templates: readonly Template[];
  /** The trace ids of a round, which the requests of both services share. */
  readonly #ids = Buffer.alloc(TRACES_PER_REQUEST * ID_BYTES);
  #next = 0;

  /** @param gzip whether the bodies are compressed, as an agent's are, or plain, as an app's. */
  constructor(gzip: boolean) {
    this.#gzip = gzip;
    this.#templates = [templateOf(stockSpans), templateOf(shopSpans)];
  }

  /** Headers of the requests. */
  get headers(): Record<string, string> {
    return {
      "content-type": "application/x-protobuf",
      ...(this.#gzip ? { "content-encoding": "gzip" } : {}),
    };
  }

  /** Encodes the spans of one service for a number of traces. */
  next(): { readonly body: Uint8Array<ArrayBuffer>; readonly spans: number } {
    const template = this.#templates[this.#next]!;
    if (this.#next === 0) randomFillSync(this.#ids);
    this.#next = (this.#next + 1) % this.#templates.length;
    for (const { at, trace } of template.idPositions) {
      this.#ids.copy(template.bytes, at, trace * ID_BYTES, (trace + 1) * ID_BYTES);
    }
    const { bytes, spanCount } = template;
    const body = this.#gzip ? gzipSync(bytes, { level: 1 }) : bytes;
    return { body: Uint8Array.from(body), spans: spanCount };
  }
}

const ID_BYTES = 16;

interface Template {
  readonly bytes: Buffer;
  readonly spanCount: number;
  /** The offsets of the trace ids. */
  readonly idPositions: readonly { readonly at: number; readonly trace: number }[];
}

function templateOf(spansOfTrace: (trace: number) => readonly ReadableSpan[]): Template {
  const all = Array.from({ length: TRACES_PER_REQUEST }, (_, trace) => spansOfTrace(trace)).flat();
  const bytes = Buffer.from(spans.encodeRequest(all.map((span) => spans.encode(span))));
  const idPositions: { at: number; trace: number }[] = [];
  for (let trace = 0; trace < TRACES_PER_REQUEST; trace++) {
    const id = Buffer.from(traceIdOf(trace), "hex");
    for (let at = bytes.indexOf(id); at !== -1; at = bytes.indexOf(id, at + ID_BYTES)) {
      idPositions.push({ at, trace });
    }
  }
  return { bytes, spanCount: all.length, idPositions };
}

/** The placeholder of a trace id in the template. */
function traceIdOf(trace: number): string {
  return (trace + 1).toString(16).padStart(4, "0").repeat(8);
}

const shop = resourceOf("shop", "9f86d081884c7d659a2feaa0c55ad015");
const stock = resourceOf("stock", "2c26b46b68ffc68ff99b453c1d304134");

function resourceOf(service: string, instance: string): ReadableSpan["resource"] {
  return resourceFromAttributes({
    "service.name": service,
    "service.namespace": "demo",
    "service.version": "1.4.2",
    "service.instance.id": instance,
    "deployment.environment.name": "production",
    "telemetry.sdk.name": "opentelemetry",
    "telemetry.sdk.language": "nodejs",
    "telemetry.sdk.version": "3.0.0",
    "telemetry.distro.name": "telltale",
    "telemetry.distro.version": "0.1.0",
    "host.name": `${service}-7d4b9c6f5-x2x9k`,
    "host.arch": "amd64",
    "os.type": "linux",
    "process.pid": 7,
    "process.runtime.name": "nodejs",
    "process.runtime.version": "26.10.0",
  });
}

interface SpanSpec {
  readonly id: number;
  readonly parent?: number;
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
  readonly failed?: boolean;
}

/** Creates the root span, its database span and the call to the stock. */
function shopSpans(trace: number): readonly ReadableSpan[] {
  return [
    spanOf(trace, shop, {
      id: 2,
      parent: 1,
      name: "SELECT orders",
      kind: SpanKind.CLIENT,
      attributes: query("SELECT id, state, total, customer FROM orders WHERE id = $1", "orders"),
    }),
    spanOf(trace, shop, {
      id: 3,
      parent: 1,
      name: "GET",
      kind: SpanKind.CLIENT,
      attributes: {
        "http.request.method": "GET",
        "url.full": `http://stock.internal:8080/items/${1000 + trace}?fields=count`,
        "server.address": "stock.internal",
        "server.port": 8080,
        "http.response.status_code": 200,
        "network.protocol.version": "1.1",
      },
    }),
    spanOf(trace, shop, {
      id: 1,
      name: "GET /orders/:id",
      kind: SpanKind.SERVER,
      attributes: server("/orders/:id", `/orders/${4000 + trace}`, "shop.example"),
    }),
  ];
}

function stockSpans(trace: number): readonly ReadableSpan[] {
  const failed = trace % FAILED_TRACE_INTERVAL === 0;
  return [
    spanOf(trace, stock, {
      id: 5,
      parent: 4,
      name: "SELECT items",
      kind: SpanKind.CLIENT,
      attributes: query("SELECT count FROM items WHERE id = $1 FOR SHARE", "items"),
      failed,
    }),
    spanOf(trace, stock, {
      id: 6,
      parent: 4,
      name: "HGET",
      kind: SpanKind.CLIENT,
      attributes: {
        "db.system.name": "redis",
        "db.operation.name": "HGET",
        "db.query.text": `HGET item:${1000 + trace} count`,
        "server.address": "redis.internal",
        "server.port": 6379,
      },
    }),
    spanOf(trace, stock, {
      id: 4,
      parent: 3,
      name: "GET /items/:id",
      kind: SpanKind.SERVER,
      attributes: server("/items/:id", `/items/${1000 + trace}`, "stock.internal"),
    }),
  ];
}

function server(route: string, path: string, host: string): Attributes {
  return {
    "http.request.method": "GET",
    "http.route": route,
    "http.response.status_code": 200,
    "url.scheme": "http",
    "url.path": path,
    "server.address": host,
    "server.port": 8080,
    "client.address": "203.0.113.7",
    "network.peer.address": "10.4.17.203",
    "network.peer.port": 49_182,
    "network.protocol.version": "1.1",
    "user_agent.original": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  };
}

function query(text: string, table: string): Attributes {
  return {
    "db.system.name": "postgresql",
    "db.namespace": "shop",
    "db.operation.name": "SELECT",
    "db.collection.name": table,
    "db.query.text": text,
    "server.address": "postgres.internal",
    "server.port": 5432,
  };
}

const START_S = Math.floor(Date.now() / 1000);

function spanOf(trace: number, resource: ReadableSpan["resource"], sketch: SpanSpec): ReadableSpan {
  const { id, parent, name, kind, attributes, failed = false } = sketch;
  const traceId = traceIdOf(trace);
  const startTime: HrTime = [START_S, id * 1_000_000];
  const duration: HrTime = [0, 40_000_000 - id * 5_000_000];
  return {
    name,
    kind,
    spanContext: () => ({ traceId, spanId: spanIdOf(trace, id), traceFlags: 1 }),
    ...(parent === undefined
      ? {}
      : { parentSpanContext: { traceId, spanId: spanIdOf(trace, parent), traceFlags: 1 } }),
    startTime,
    duration,
    endTime: [START_S, startTime[1] + duration[1]],
    status: failed
      ? { code: SpanStatusCode.ERROR, message: "canceling statement due to lock timeout" }
      : { code: SpanStatusCode.UNSET },
    attributes,
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: { name: "telltale", version: "0.1.0" },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** Bytes that are never equal to a trace id. */
function spanIdOf(trace: number, id: number): string {
  return `c0ffee${(trace * 16 + id).toString(16).padStart(10, "0")}`;
}
