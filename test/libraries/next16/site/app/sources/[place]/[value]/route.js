import { notFound } from "next/navigation";
import { handlers } from "../../../../thrown.mjs";

/** A status of the client, as Next's functions set it. */
const ways = { ...handlers, client: () => notFound() };

/** Not async, so that a handler can throw before it returns a promise. */
export function GET({ nextUrl: { pathname } }) {
  const [place, value] = pathname.split("/").slice(-2);
  return ways[place](value, (status) => Response.json({}, { status }));
}
