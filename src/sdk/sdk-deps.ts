import type { Resource } from "@opentelemetry/resources";
import type { Config } from "../config/config.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { TelemetryCounters } from "../diagnostics/telemetry-counters.ts";
import type { UnsentTelemetry } from "../diagnostics/unsent-telemetry.ts";
import type { Redactor } from "../redaction/redactor.ts";

/** What the SDK's pipelines share with the rest of the preload. */
export interface SdkDeps {
  readonly config: Config;
  readonly resource: Resource;
  readonly redactor: Redactor;
  readonly counters: TelemetryCounters;
  readonly diagnostics: Diagnostics;
  readonly unsent?: UnsentTelemetry;
  /** Whether a viewer or a test observes the app, which they do in telltale's pipelines. */
  readonly isObserved: boolean;
}
