import { isSameSecret } from "../../replies/credentials.ts";
import { textReply } from "../../replies/http-reply.ts";
import { cookieNameOf, isAuthorized } from "./request-guard.ts";
import type { Route } from "./route.ts";

/**
 * The page. The token of the printed address is exchanged for a cookie, so that it stays
 * neither in the address bar nor in the history of the browser.
 */
export const openingRoute: Route = {
  method: "GET",
  path: "/",
  access: "opening",
  async handle({ request, query }, deps) {
    const { port, secrets, page } = deps;
    const token = query.get("token");
    if (token === null) {
      return isAuthorized(request, deps) ? page.reply() : textReply(401, UNAUTHORIZED);
    }
    if (!isSameSecret(token, secrets.token)) return textReply(401, UNAUTHORIZED);
    return textReply(303, "", {
      location: "/",
      "set-cookie": `${cookieNameOf(port)}=${secrets.cookie}; Path=/; HttpOnly; SameSite=Strict`,
    });
  },
};

const UNAUTHORIZED =
  "Open the address that telltale dev has printed: it has a token, which is another one after each start.\n";
