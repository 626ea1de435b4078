// Made by `npm run upstream` of the installed @opentelemetry/auto-instrumentations-node.

import { TediousInstrumentation } from "@opentelemetry/instrumentation-tedious";
import type { Adaptor } from "../../loading/adaptor.ts";
import { withSanitizedSql } from "../sanitize-sql.ts";
import { withBoundRequestCallbacks } from "../tedious-callbacks.ts";
import { upstreamAdaptor } from "../upstream-adaptor.ts";

export const adaptor: Adaptor = upstreamAdaptor((options) =>
  withSanitizedSql(withBoundRequestCallbacks(new TediousInstrumentation(options)), options),
);
