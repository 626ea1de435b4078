import type { SummaryApi } from "../api.ts";
import { readTextFile } from "../metrics/runtime/proc-file.ts";
import { parseThreadTimes } from "../metrics/runtime/proc-text.ts";
import { type HttpReply, jsonReply, textReply } from "../replies/http-reply.ts";

/** Responds to a request for `/summary`, with the requests since the start and of the last five minutes. */
export function summaryPage(requests: SummaryApi | undefined): HttpReply {
  return requests === undefined ? NOT_COUNTED : jsonReply(200, requests.summary());
}

/**
 * Responds to a request for `/endpoints`, with the requests by route and, on Linux, the times of
 * the main thread, or for `/endpoints?route=/orders/:id`, with the requests of one route.
 */
export async function endpointsPage(
  url: string,
  requests: SummaryApi | undefined,
): Promise<HttpReply> {
  if (requests === undefined) return NOT_COUNTED;
  const question = url.indexOf("?");
  const route = new URLSearchParams(question === -1 ? "" : url.slice(question)).get("route");
  if (route === null) {
    const times = await readTextFile("/proc/self/schedstat");
    const mainThread = times === undefined ? undefined : parseThreadTimes(times);
    return jsonReply(200, { endpoints: requests.endpoints(), mainThread });
  }
  const endpoint = requests.endpoint(route);
  if (endpoint !== undefined) return jsonReply(200, endpoint);
  return textReply(404, "No request of this route has ended. /endpoints lists the routes.\n");
}

const NOT_COUNTED: HttpReply = textReply(404, "The requests are not counted.\n");
