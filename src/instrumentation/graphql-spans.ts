import { GraphQLInstrumentation } from "@opentelemetry/instrumentation-graphql";
import type { Adaptor } from "./adaptor.ts";
import { upstreamAdaptor } from "./upstream.ts";

/** Spans of parsing, validation, execution and each resolver that is a function. */
export const adaptor: Adaptor = upstreamAdaptor(
  () => new GraphQLInstrumentation({ ignoreTrivialResolveSpans: true }),
);
