import { recordFrameworkRequest } from "../../../context/unit-access.ts";
import {
  copyFunctionProperties,
  type Method,
  replaceMethod,
} from "../../loading/replace-method.ts";

/*
 * Records Fastify's own request before the first code of the app can set its user: before
 * the `onRequest` and `preParsing` hooks of a route that has any, else before its body is
 * parsed.
 */

/** Fastify 4.0 has one runner for all hooks, with the request as its third argument. */
const HOOK_RUNNERS = ["onRequestHookRunner", "preParsingHookRunner", "hookRunner"];

export function recordRequestsInHooks(exports: object): void {
  for (const name of HOOK_RUNNERS) {
    if (!(name in exports)) continue;
    replaceMethod<unknown, unknown[]>(exports, name, (original) => {
      return function runHooks(...args) {
        recordRequest(args[1]);
        recordRequest(args[2]);
        return Reflect.apply(original, this, args);
      };
    });
  }
}

type HandleRequest = Method<unknown, [unknown, unknown, ...unknown[]]>;

export function recordRequestsInHandler(original: HandleRequest): HandleRequest {
  return copyFunctionProperties<HandleRequest>(function (error, request, ...rest) {
    recordRequest(request);
    return original.call(this, error, request, ...rest);
  }, original);
}

function recordRequest(request: unknown): void {
  if (typeof request !== "object" || request === null || !("raw" in request)) return;
  const { raw } = request;
  // A reply has a raw response.
  if (typeof raw === "object" && raw !== null && "url" in raw) recordFrameworkRequest(raw, request);
}
