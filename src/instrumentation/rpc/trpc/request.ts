import type { RouteRecorder } from "../../../context/unit-views.ts";

/** What a request calls, as its URL says it. */
export interface TrpcRequest {
  /** `/trpc/orders.byId`; of a batch of different procedures `/trpc/{batch}`. */
  readonly route: string | undefined;
  /** The procedures, each once, in order of their names. */
  readonly paths: readonly string[];
}

/**
 * The last part of the path has the procedures that are called, with commas
 * between them; what stands before it is where tRPC is mounted. Only what then
 * runs is known to be a procedure: a client may ask for anything.
 *
 * @returns undefined if it is no request over HTTP
 */
export function trpcRequestOf(unit: RouteRecorder): TrpcRequest | undefined {
  const path = unit.currentPath();
  if (path === undefined) return undefined;
  const slash = path.lastIndexOf("/");
  const paths = [...new Set(decoded(path.slice(slash + 1)).split(","))].toSorted();
  const mount = mountOf(unit, path.slice(0, slash));
  const called = paths.length === 1 ? paths[0] : "{batch}";
  return { route: mount === undefined ? undefined : `${mount}/${called}`, paths };
}

/**
 * As the framework knows it by now: of its own route (Fastify has
 * `/trpc/:path`) or of its mount; else it is what the app gave tRPC as its base
 * path, unless there seems to be an id in it.
 */
function mountOf({ route, mountPath }: RouteRecorder, base: string): string | undefined {
  if (route !== undefined) return route.slice(0, route.lastIndexOf("/"));
  if (mountPath !== "") return mountPath;
  return /\d{3}|[\da-f-]{16}/i.test(base) ? undefined : base;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
