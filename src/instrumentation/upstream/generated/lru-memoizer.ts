// Made by `npm run upstream` of the installed @opentelemetry/auto-instrumentations-node.

import { LruMemoizerInstrumentation } from "@opentelemetry/instrumentation-lru-memoizer";
import type { Adaptor } from "../../loading/adaptor.ts";
import { upstreamAdaptor } from "../upstream-adaptor.ts";

export const adaptor: Adaptor = upstreamAdaptor(
  (options) => new LruMemoizerInstrumentation(options),
);
