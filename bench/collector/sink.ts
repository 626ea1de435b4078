import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { createDecoder, type JsonObject } from "../../src/otlp/protobuf.ts";

/** A back end that counts the spans that arrive, each once. */
export interface SpanSink {
  /** A value for `TELLTALE_COLLECTOR_BACKEND`. */
  readonly url: string;
  /** Number of spans that arrived. */
  readonly spans: number;
  /** Number of spans that had arrived before. */
  readonly duplicates: number;
  close(): Promise<void>;
}

/** Reads only the ids of spans from an OTLP request. */
const decode = createDecoder({
  ExportTraceServiceRequest: "1 resourceSpans ResourceSpans[]",
  ResourceSpans: "2 scopeSpans ScopeSpans[]",
  ScopeSpans: "2 spans Span[]",
  Span: "1 traceId hex, 2 spanId hex",
});

export async function startSpanSink(): Promise<SpanSink> {
  const seen = new Set<string>();
  let spans = 0;
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      if (request.url === "/v1/traces") {
        for (const id of idsIn(body)) {
          spans++;
          seen.add(id);
        }
      }
      response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get spans() {
      return spans;
    },
    get duplicates() {
      return spans - seen.size;
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  return request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
}

function idsIn(body: Buffer): string[] {
  const request = decode("ExportTraceServiceRequest", body);
  return listOf(request, "resourceSpans")
    .flatMap((resource) => listOf(resource, "scopeSpans"))
    .flatMap((scope) => listOf(scope, "spans"))
    .map(({ traceId, spanId }) => `${String(traceId)}${String(spanId)}`);
}

function listOf(message: JsonObject, field: string): readonly JsonObject[] {
  return (message[field] ?? []) as readonly JsonObject[];
}
