import type { Meter } from "@opentelemetry/api";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";
import type { TelltaleLoggerProvider } from "../logger.ts";

/** Collaborators of the events of the app. */
export interface EventDeps {
  readonly provider: TelltaleLoggerProvider;
  readonly meter: Meter;
  readonly diagnostics: Diagnostics;
}
