// Made by `npm run upstream` of the installed @opentelemetry/auto-instrumentations-node.

import { CassandraDriverInstrumentation } from "@opentelemetry/instrumentation-cassandra-driver";
import type { Adaptor } from "../adaptor.ts";
import { withSanitizedSql } from "../clean-sql.ts";
import { upstreamAdaptor } from "../upstream.ts";

export const adaptor: Adaptor = upstreamAdaptor((options) =>
  withSanitizedSql(new CassandraDriverInstrumentation(options), options),
);
