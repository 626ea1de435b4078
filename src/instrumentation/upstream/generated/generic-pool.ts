// Made by `npm run upstream` of the installed @opentelemetry/auto-instrumentations-node.

import { GenericPoolInstrumentation } from "@opentelemetry/instrumentation-generic-pool";
import type { Adaptor } from "../../loading/adaptor.ts";
import { upstreamAdaptor } from "../upstream-adaptor.ts";

export const adaptor: Adaptor = upstreamAdaptor(
  (options) => new GenericPoolInstrumentation(options),
  ["acquire"],
);
