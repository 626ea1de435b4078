// Made by `npm run upstream` of the installed @opentelemetry/auto-instrumentations-node.

import { AwsInstrumentation } from "@opentelemetry/instrumentation-aws-sdk";
import type { Adaptor } from "../../loading/adaptor.ts";
import { withCopiedInputs } from "../aws-sdk-inputs.ts";
import { upstreamAdaptor } from "../upstream-adaptor.ts";

export const adaptor: Adaptor = upstreamAdaptor((options) =>
  withCopiedInputs(new AwsInstrumentation(options)),
);
