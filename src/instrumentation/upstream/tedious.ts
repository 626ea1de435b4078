// Made by `npm run upstream` of the installed @opentelemetry/auto-instrumentations-node.

import { TediousInstrumentation } from "@opentelemetry/instrumentation-tedious";
import type { Adaptor } from "../adaptor.ts";
import { withoutLiterals } from "../clean-sql.ts";
import { upstreamAdaptor } from "../upstream.ts";

export const adaptor: Adaptor = upstreamAdaptor((options) =>
  withoutLiterals(new TediousInstrumentation(options), options),
);
