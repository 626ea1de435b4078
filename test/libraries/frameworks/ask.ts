import http from "node:http";
import { PATIENCE_MS } from "../../until.ts";
import type { Exchange } from "./requests.ts";

/** Asks as `fetch` can't: by any method, and without a word more than is said. Resolves with the status. */
export function ask(port: number, exchange: Exchange, requestId: string): Promise<number> {
  const [method = "GET", path = "/"] = exchange.request.split(" ");
  const headers = { ...exchange.headers, "x-request-id": requestId };
  return new Promise((resolve, reject) => {
    const sent = http.request({ host: "127.0.0.1", port, method, path, headers, agent: false });
    sent.on("error", reject);
    sent.setTimeout(PATIENCE_MS, () => sent.destroy(new Error(`no answer: ${exchange.request}`)));
    sent.on("response", (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0));
    });
    sent.end();
  });
}
