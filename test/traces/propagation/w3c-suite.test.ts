import assert from "node:assert/strict";
import type { Sampler } from "@opentelemetry/sdk-trace";
import type { SamplerName } from "../../../src/config/config.ts";
import { ROOT_CONTEXT, SPAN_KEY } from "../../../src/context/context.ts";
import { createSampler } from "../../../src/traces/sampling/sampler.ts";
import { collectingProvider } from "../provider.ts";
import { injectedHeaders, parsedHeaders, defaultPropagator } from "./headers.ts";
import { check, type SendRequest, suite } from "./w3c-suite.ts";

/** Simulates a service in process: a server span, and a client span for each call. */
function serviceWith(sampler: Sampler): SendRequest {
  const tracer = collectingProvider({ sampler }).provider.getTracer("service");
  return async (headers, calls) => {
    const caller = defaultPropagator.extractHeaders(ROOT_CONTEXT, parsedHeaders(headers));
    const server = tracer.startSpan("server", { kind: 1 }, caller);
    const context = caller.setValue(SPAN_KEY, server);
    return Array.from({ length: calls }, () => {
      const client = tracer.startSpan("client", { kind: 2 }, context);
      return Object.entries(injectedHeaders(context.setValue(SPAN_KEY, client)));
    });
  };
}

const samplers: SamplerName[] = ["parentbased_always_on", "parentbased_always_off", "always_on"];

for (const name of samplers) {
  describe(`The W3C's suite, with ${name}`, () => {
    const send = serviceWith(createSampler({ name, ratio: 1 }));
    for (const one of suite) {
      it(one.name, () => check(one, send));
    }
  });
}

describe("The W3C's suite", () => {
  it("has 41 tests", () => {
    assert.equal(suite.length, 41);
    assert.equal(new Set(suite.map(({ name }) => name)).size, 41);
  });
});
