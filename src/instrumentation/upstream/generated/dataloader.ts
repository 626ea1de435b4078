// Made by `npm run upstream` of the installed @opentelemetry/auto-instrumentations-node.

import { DataloaderInstrumentation } from "@opentelemetry/instrumentation-dataloader";
import type { Adaptor } from "../../loading/adaptor.ts";
import { withAnyBatchResult } from "../dataloader-results.ts";
import { upstreamAdaptor } from "../upstream-adaptor.ts";

export const adaptor: Adaptor = upstreamAdaptor((options) =>
  withAnyBatchResult(new DataloaderInstrumentation(options)),
);
