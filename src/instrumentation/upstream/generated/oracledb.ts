// Made by `npm run upstream` of the installed @opentelemetry/auto-instrumentations-node.

import { OracleInstrumentation } from "@opentelemetry/instrumentation-oracledb";
import type { Adaptor } from "../../loading/adaptor.ts";
import { withSanitizedSql } from "../sanitize-sql.ts";
import { upstreamAdaptor } from "../upstream-adaptor.ts";

export const adaptor: Adaptor = upstreamAdaptor((options) =>
  withSanitizedSql(new OracleInstrumentation(options), options),
);
