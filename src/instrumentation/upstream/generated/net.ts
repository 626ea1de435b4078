// Made by `npm run upstream` of the installed @opentelemetry/auto-instrumentations-node.

import { NetInstrumentation } from "@opentelemetry/instrumentation-net";
import type { Adaptor } from "../../loading/adaptor.ts";
import { upstreamAdaptor } from "../upstream-adaptor.ts";

export const adaptor: Adaptor = upstreamAdaptor((options) => new NetInstrumentation(options));
