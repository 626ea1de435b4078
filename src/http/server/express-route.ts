import { joinPattern, patternText } from "../../context/route-pattern.ts";

/**
 * The route of a request as Express left it on the request: the fallback for
 * what its adaptor (`instrumentation/frameworks/express/adaptor.ts`) has not noted on the holder,
 * because it is switched off or came too late.
 *
 * A mount path with parameters can't be told from `baseUrl`, which has their
 * values; only the adaptor knows it.
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
