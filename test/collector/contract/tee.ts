import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** Receives OTLP over HTTP, and forwards every request to several receivers. */
export interface Tee {
  /** The URL for `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  close(): Promise<void>;
}

/** @param urls the receivers; the sender gets the response of the first one. */
export async function startTee(urls: readonly string[]): Promise<Tee> {
  const server = createServer((request, response) => {
    void (async () => {
      const body = await bodyOf(request);
      const [first] = await Promise.all(urls.map((url) => pass(request, body, url)));
      response.writeHead(first!.status, { "content-type": first!.type }).end(first!.body);
    })().catch((error: unknown) => response.writeHead(503).end(String(error)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      await once(server.close(), "close");
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  return new Uint8Array(Buffer.concat(parts));
}

async function pass(request: IncomingMessage, body: Uint8Array<ArrayBuffer>, url: string) {
  const headers = ["content-type", "content-encoding"].flatMap((name) => {
    const value = request.headers[name];
    return typeof value === "string" ? [[name, value] as [string, string]] : [];
  });
  const response = await fetch(url + request.url, { method: "POST", headers, body });
  return {
    status: response.status,
    type: response.headers.get("content-type") ?? "",
    body: Buffer.from(await response.arrayBuffer()),
  };
}
