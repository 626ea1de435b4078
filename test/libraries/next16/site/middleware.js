import { guard } from "./guard.js";

/** As Next 15 has it: on the edge runtime, in a realm of its own. */
export function middleware(request) {
  return guard(request);
}

export const config = { matcher: ["/guarded/:path*"] };
