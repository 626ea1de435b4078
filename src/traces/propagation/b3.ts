import { B3InjectEncoding, B3Propagator } from "@opentelemetry/propagator-b3";
import { Guarded } from "./guarded.ts";

/**
 * Both read either form; `b3` writes the single header, `b3multi` the many.
 *
 * https://github.com/openzipkin/b3-propagation
 */
export function createB3Propagator(name: "b3" | "b3multi"): Guarded {
  const injectEncoding =
    name === "b3" ? B3InjectEncoding.SINGLE_HEADER : B3InjectEncoding.MULTI_HEADER;
  return new Guarded(new B3Propagator({ injectEncoding }));
}
