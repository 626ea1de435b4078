import { knownMethods } from "../config/variables.ts";

let kept: ReadonlySet<string> = new Set(knownMethods.fallback);

/**
 * The methods that are named from now on, in place of the conventions' own.
 *
 * @param methods of `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS`, case-sensitive.
 */
export function keepMethods(methods: readonly string[]): void {
  kept = new Set(methods);
}

/**
 * The method, or `_OTHER` for one that isn't known, so that a client can't make
 * series by inventing methods.
 * https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-request-method
 */
export function knownMethod(method: string): string {
  return kept.has(method) ? method : "_OTHER";
}
