import { joinPattern, patternText } from "../../context/route-pattern.ts";

/**
 * Reads the route that Express set on a request: the fallback where its adaptor
 * (`instrumentation/frameworks/express/adaptor.ts`) has not recorded one, because it
 * is disabled or was loaded too late.
 *
 * The pattern of a mount path with parameters is known to the adaptor only:
 * `baseUrl` has their values.
 *
 * @returns the pattern (`/users/:id`), undefined if no route matched
 */
export function expressRouteOf(request: object): string | undefined {
  const { route, baseUrl } = request as { readonly route?: unknown; readonly baseUrl?: unknown };
  if (typeof route !== "object" || route === null) return undefined;
  const { path } = route as { readonly path?: unknown };
  const text = patternText(path);
  if (text === undefined) return undefined;
  return joinPattern(typeof baseUrl === "string" ? baseUrl : "", text);
}
