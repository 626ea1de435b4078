import http from "node:http";
import { WAIT_TIMEOUT_MS } from "../../until.ts";
import type { RequestCase } from "./request-cases.ts";

/**
 * Sends requests that `fetch` cannot: any method, and no further headers. Resolves
 * with the status.
 */
export function sendRequest(
  port: number,
  requestCase: RequestCase,
  requestId: string,
): Promise<number> {
  const [method = "GET", path = "/"] = requestCase.request.split(" ");
  const headers = { ...requestCase.headers, "x-request-id": requestId };
  return new Promise((resolve, reject) => {
    const sent = http.request({ host: "127.0.0.1", port, method, path, headers, agent: false });
    sent.on("error", reject);
    sent.setTimeout(WAIT_TIMEOUT_MS, () =>
      sent.destroy(new Error(`no answer: ${requestCase.request}`)),
    );
    sent.on("response", (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0));
    });
    sent.end();
  });
}
