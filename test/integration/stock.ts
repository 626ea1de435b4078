import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

/** A downstream service without telemetry, which records its requests. */
export interface StockService {
  readonly url: string;
  readonly requests: readonly StockRequest[];
  close(): Promise<void>;
}

export interface StockRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

export async function startStockService(): Promise<StockService> {
  const requests: StockRequest[] = [];
  const server = createServer((request, response) => {
    requests.push({ path: request.url ?? "", headers: request.headers });
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ shelf: "B12", price: 4.5 }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
