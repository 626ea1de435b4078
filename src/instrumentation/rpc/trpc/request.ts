import type { RouteRecorder } from "../../../context/unit-views.ts";

/** The procedures in the URL of a request. */
export interface TrpcRequest {
  /** `/trpc/orders.byId`; of a batch of different procedures `/trpc/{batch}`. */
  readonly route: string | undefined;
  /** Names of the procedures, unique and sorted. */
  readonly paths: readonly string[];
}

/**
 * Reads the procedures from the last part of the path, separated by commas. The
 * parts before it are tRPC's mount. A name is only known to be a procedure once it
 * runs, since a client may request any name.
 *
 * @returns undefined for a unit of work that is no HTTP request
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
 * Returns the mount from the framework's route (Fastify's is `/trpc/:path`) or mount
 * path; otherwise the base path, unless it seems to contain an id.
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
