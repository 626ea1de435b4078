import { guard } from "./guard.js";

/** Middleware of Next 15: on the edge runtime, in its own realm. */
export function middleware(request) {
  return guard(request);
}

export const config = { matcher: ["/guarded/:path*", "/sources/proxy/:path*"] };
