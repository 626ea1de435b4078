import { log } from "./work.js";
import { guard } from "./guard.js";

/** Proxy of Next 16, which runs on Node. */
export function proxy(request) {
  log.info("before", { page: request.nextUrl.pathname });
  return guard(request);
}

export const config = { matcher: ["/guarded/:path*", "/sources/proxy/:path*"] };
