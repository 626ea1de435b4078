// Made by `npm run upstream` of the installed @opentelemetry/auto-instrumentations-node.

import { MySQLInstrumentation } from "@opentelemetry/instrumentation-mysql";
import type { Adaptor } from "../adaptor.ts";
import { withoutLiterals } from "../clean-sql.ts";
import { upstreamAdaptor } from "../upstream.ts";

export const adaptor: Adaptor = upstreamAdaptor((options) =>
  withoutLiterals(new MySQLInstrumentation(options), options),
);
