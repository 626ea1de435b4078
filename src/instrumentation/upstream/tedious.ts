// Made by `npm run upstream` of the installed @opentelemetry/auto-instrumentations-node.

import { TediousInstrumentation } from "@opentelemetry/instrumentation-tedious";
import type { Adaptor } from "../adaptor.ts";
import { withoutLiterals } from "../clean-sql.ts";
import { withBoundRequests } from "../tedious.ts";
import { upstreamAdaptor } from "../upstream.ts";

export const adaptor: Adaptor = upstreamAdaptor((options) =>
  withoutLiterals(withBoundRequests(new TediousInstrumentation(options)), options),
);
