import type { RequestHooks } from "../../http/server/http-server-instrumentation.ts";
import type { ReadConfig } from "../read-config.ts";
import type { ExtensionReport } from "../report.ts";
import { kindOf } from "../values.ts";

type Hook = ((...args: unknown[]) => unknown) | undefined;

/** Returns the hooks of a configuration, which never throw; undefined if it has none. */
export function guardedRequestHooks(
  config: ReadConfig,
  report: ExtensionReport,
): RequestHooks | undefined {
  const hook = (name: "requestHook" | "responseHook" | "ignoreRequest" | "spanName"): Hook =>
    config[name] as Hook;
  const [requestHook, responseHook] = [hook("requestHook"), hook("responseHook")];
  const [ignoreRequest, spanName] = [hook("ignoreRequest"), hook("spanName")];
  if ([requestHook, responseHook, ignoreRequest, spanName].every((one) => one === undefined))
    return undefined;
  return {
    ignores: (request) =>
      ignoreRequest !== undefined &&
      report.guard("ignoreRequest", "the request is recorded", () => ignoreRequest(request)) ===
        true,
    started(span, request) {
      if (requestHook !== undefined)
        report.guard("requestHook", LEFT_AS_IT_IS, () => requestHook(span, request));
    },
    ending(span, request, response, route) {
      if (responseHook !== undefined && response !== undefined)
        report.guard("responseHook", LEFT_AS_IT_IS, () => responseHook(span, response));
      if (spanName === undefined || request === undefined) return undefined;
      const name = report.guard("spanName", LEFT_AS_IT_IS, () => spanName(request, route));
      if (name === undefined || typeof name === "string") return name;
      report.badResult("spanName", kindOf(name), "a text or undefined", LEFT_AS_IT_IS);
      return undefined;
    },
  };
}

const LEFT_AS_IT_IS = "the span stays as it is";
