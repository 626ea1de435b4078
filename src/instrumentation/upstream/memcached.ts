// Made by `npm run upstream` of the installed @opentelemetry/auto-instrumentations-node.

import { MemcachedInstrumentation } from "@opentelemetry/instrumentation-memcached";
import type { Adaptor } from "../adaptor.ts";
import { withSanitizedSql } from "../clean-sql.ts";
import { upstreamAdaptor } from "../upstream.ts";

export const adaptor: Adaptor = upstreamAdaptor((options) =>
  withSanitizedSql(new MemcachedInstrumentation(options), options),
);
