import type { IncomingMessage, ServerResponse } from "node:http";
import type { MountedRequest } from "../api.ts";
import { runSuppressed } from "../context/manager.ts";
import { hasBearerToken } from "../replies/credentials.ts";
import type { AccessControl } from "./access.ts";
import type { AdminDeps } from "./deps.ts";
import { createAccessControl, createPage, pathOf, respond } from "./handler.ts";
import { isHealthPath } from "./health-pages.ts";
import { type HttpReply, textReply } from "../replies/http-reply.ts";

/** The pages of each handler of `telltale/health`; the first one is that of the mount path itself. */
const PAGES = {
  health: ["/healthz", "/livez", "/readyz"],
  metrics: ["/metrics", "/summary", "/endpoints"],
} as const satisfies Readonly<Record<MountedRequest["pages"], readonly string[]>>;

/** Serves pages of the admin server on the app's own port (`telltale/health`). */
export class MountedPages {
  readonly #deps: AdminDeps;
  readonly #accessControl: AccessControl | undefined;

  constructor(deps: AdminDeps) {
    this.#deps = deps;
    this.#accessControl = createAccessControl(deps);
  }

  /** Responds to a request, or calls `next` if it is for no page. Never throws. */
  serve(mounted: MountedRequest): void {
    const request = mounted.request as IncomingMessage;
    const response = mounted.response as ServerResponse;
    const path = pageAt(mounted.path ?? pathOf(request.url), mounted.pages);
    if (path === undefined && mounted.next !== undefined) {
      mounted.next();
      return;
    }
    // Checks and callbacks of metrics run because of telltale: they are not the app's traffic.
    void runSuppressed(() =>
      respond(request, response, this.#deps, async () => {
        const rejection = await this.#rejection(mounted, request);
        return rejection ?? createPage(path ?? "", request, this.#deps);
      }),
    );
  }

  async #rejection(
    { pages, token, authorize }: MountedRequest,
    request: IncomingMessage,
  ): Promise<HttpReply | undefined> {
    const { authorization } = request.headers;
    if (authorize !== undefined) return (await authorize(request)) === true ? undefined : FORBIDDEN;
    if (token !== undefined) return hasBearerToken(authorization, token) ? undefined : UNAUTHORIZED;
    if (pages === "health" && this.#accessControl?.includesProbes !== true) return undefined;
    return this.#accessControl === undefined
      ? NOT_PROTECTED
      : this.#accessControl.rejection(authorization);
  }
}

export function createMountedPages(deps: AdminDeps): MountedPages {
  return new MountedPages(deps);
}

function pageAt(path: string, pages: MountedRequest["pages"]): string | undefined {
  const names: readonly string[] = PAGES[pages];
  if (path === "/") return names[0];
  if (pages === "health" && isHealthPath(path)) return path;
  return names.find((name) => name === path);
}

const FORBIDDEN = textReply(403, "Forbidden.\n");

const UNAUTHORIZED = textReply(401, "A bearer token is required.\n", {
  "www-authenticate": 'Bearer realm="telltale"',
});

const NOT_PROTECTED = textReply(
  403,
  "These pages need credentials on the app's port: pass token or authorize to metricsHandler, or set TELLTALE_METRICS_TOKEN.\n",
);
