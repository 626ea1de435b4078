import type { OtlpAttributes } from "../../../otlp/attributes.ts";
import { textOf } from "./service.ts";

/** Last parts of the paths of health checks and metrics. */
const HEALTH_CHECKS: ReadonlySet<string> = new Set([
  ...["health", "healthz", "healthcheck", "health-check", "_health", "__health"],
  ...["livez", "live", "liveness", "readyz", "ready", "readiness", "startupz"],
  ...["ping", "heartbeat", "metrics"],
]);

/** Files that a browser requests for a page. */
const ASSETS: ReadonlySet<string> = new Set([
  ...["js", "mjs", "css", "map", "ico", "png", "jpg", "jpeg", "gif", "svg", "webp", "avif"],
  ...["woff", "woff2", "ttf", "otf", "eot", "mp4", "webm", "mp3", "wasm", "webmanifest"],
]);

/** Folders of generated assets, and the internal paths of development servers. */
const ASSET_FOLDERS = ["/_next/", "/_nuxt/", "/@vite/", "/@id/", "/@fs/", "/__webpack_hmr"];

const PROBES = ["kube-probe/", "ELB-HealthChecker/", "GoogleHC/"];

/** Returns whether a request is a health check or an asset. */
export function isNoise(
  method: string | undefined,
  path: string | undefined,
  attributes: OtlpAttributes,
): boolean {
  const client = textOf(attributes["user_agent.original"]);
  if (client !== undefined && PROBES.some((probe) => client.startsWith(probe))) return true;
  if (path === undefined || (method !== "GET" && method !== "HEAD")) return false;
  const [pathname = ""] = path.split("?", 1);
  if (ASSET_FOLDERS.some((folder) => pathname.includes(folder))) return true;
  const last = pathname.slice(pathname.lastIndexOf("/") + 1).toLowerCase();
  return HEALTH_CHECKS.has(last) || ASSETS.has(last.slice(last.lastIndexOf(".") + 1, 20));
}
