import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface HttpSink {
  readonly port: number;
  stop(): void;
}

/**
 * Accepts all exports and discards them: the cost of a collector is not measured.
 * It runs in the process of the load, because a third process on two cores would
 * displace the server from its core now and then.
 */
export async function startHttpSink(): Promise<HttpSink> {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
