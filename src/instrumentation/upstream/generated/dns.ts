// Made by `npm run upstream` of the installed @opentelemetry/auto-instrumentations-node.

import { DnsInstrumentation } from "@opentelemetry/instrumentation-dns";
import type { Adaptor } from "../../loading/adaptor.ts";
import { upstreamAdaptor } from "../upstream-adaptor.ts";

export const adaptor: Adaptor = upstreamAdaptor((options) => new DnsInstrumentation(options));
