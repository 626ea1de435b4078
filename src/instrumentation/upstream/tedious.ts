// Made by `npm run upstream` of the installed @opentelemetry/auto-instrumentations-node.

import { TediousInstrumentation } from "@opentelemetry/instrumentation-tedious";
import type { Adaptor } from "../adaptor.ts";
import { withSanitizedSql } from "../clean-sql.ts";
import { withBoundRequestCallbacks } from "../tedious.ts";
import { upstreamAdaptor } from "../upstream.ts";

export const adaptor: Adaptor = upstreamAdaptor((options) =>
  withSanitizedSql(withBoundRequestCallbacks(new TediousInstrumentation(options)), options),
);
