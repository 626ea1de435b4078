import { GraphQLInstrumentation } from "@opentelemetry/instrumentation-graphql";
import type { Adaptor } from "../../loading/adaptor.ts";
import { upstreamAdaptor } from "../../upstream/upstream-adaptor.ts";

/** Spans of parsing, validation, execution and each resolver that is a function. */
export const adaptor: Adaptor = upstreamAdaptor(
  () => new GraphQLInstrumentation({ ignoreTrivialResolveSpans: true }),
);
