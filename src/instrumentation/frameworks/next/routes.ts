import { activeRouteRecorder } from "../../../context/unit-access.ts";
import { joinPattern } from "../../../context/route-pattern.ts";
import type { RouteRecorder } from "../../../context/unit-views.ts";

/** Pages with which Next responds if no page of the app matches. */
const builtInPages: ReadonlySet<unknown> = new Set([
  "/_not-found",
  "/_global-error",
  "/_error",
  "/404",
  "/500",
]);

/** `basePath` of the app for each request whose route Next has not reported yet. */
export const basePaths: WeakMap<RouteRecorder, string> = new WeakMap();

/**
 * Records the first route of a request, because the routes of error pages follow.
 * It replaces the route of a custom server around Next.
 */
export function recordRoute(route: unknown): void {
  const unit = activeRouteRecorder();
  if (unit === undefined || typeof route !== "string") return;
  const basePath = basePaths.get(unit);
  if (basePath === undefined) return;
  basePaths.delete(unit);
  if (builtInPages.has(route)) return;
  unit.route = joinPattern(unit.mountPath, joinPattern(basePath, route));
}
