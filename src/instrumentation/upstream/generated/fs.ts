// Made by `npm run upstream` of the installed @opentelemetry/auto-instrumentations-node.

import { FsInstrumentation } from "@opentelemetry/instrumentation-fs";
import { isLoading } from "../../../lazy.ts";
import type { Adaptor } from "../../loading/adaptor.ts";
import { upstreamAdaptor } from "../upstream-adaptor.ts";

export const adaptor: Adaptor = upstreamAdaptor(
  (options) => new FsInstrumentation({ createHook: () => !isLoading(), ...options }),
);
