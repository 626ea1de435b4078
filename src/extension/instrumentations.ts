import type { LoggerProvider, MeterProvider, TracerProvider } from "@opentelemetry/api";
import type { Config } from "../config/config.ts";
import {
  isInstrumentationEnabled,
  knownInstrumentations,
} from "../instrumentation/enabled-instrumentations.ts";
import type { Logs } from "../logs/logs.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { propertyOf } from "../property.ts";
import type { Traces } from "../traces/traces.ts";
import type { ExtensionReport } from "./report.ts";

/** `Instrumentation` of OpenTelemetry. */
export interface Instrumentation {
  readonly instrumentationName?: string;
  setTracerProvider(provider: TracerProvider): void;
  setMeterProvider(provider: MeterProvider): void;
  setLoggerProvider?: (provider: LoggerProvider) => void;
  getConfig?: () => unknown;
  enable(): void;
  disable?: () => void;
}

interface InstrumentationDeps {
  readonly config: Config;
  readonly traces: Pick<Traces, "provider">;
  readonly metrics: Pick<Metrics, "provider">;
  readonly logs: Pick<Logs, "provider">;
  readonly report: ExtensionReport;
}

/** Connects an instrumentation with telltale's providers, as `registerInstrumentations` does. */
export function connectInstrumentation(
  instrumentation: Instrumentation,
  what: string,
  deps: InstrumentationDeps,
): void {
  const own = ownInstrumentation(instrumentation, deps.config);
  if (own !== undefined) {
    instrumentation.disable?.();
    const hint = `to use this one, set OTEL_NODE_DISABLED_INSTRUMENTATIONS=${own}`;
    deps.report.ignored(what, `telltale has an instrumentation of ${own}; ${hint}`);
    return;
  }
  instrumentation.setTracerProvider(deps.traces.provider);
  instrumentation.setMeterProvider(deps.metrics.provider);
  instrumentation.setLoggerProvider?.(deps.logs.provider);
  // Most are enabled by their constructor.
  if (propertyOf(instrumentation.getConfig?.(), "enabled") !== true) instrumentation.enable();
}

/** Returns the name of telltale's own instrumentation of the same library, if that is enabled. */
function ownInstrumentation(
  { instrumentationName }: Instrumentation,
  { instrumentations }: Config,
): string | undefined {
  const [, name = ""] =
    /^@opentelemetry\/instrumentation-(.{1,100})$/.exec(String(instrumentationName)) ?? [];
  const isOwn = knownInstrumentations.has(name) && isInstrumentationEnabled(name, instrumentations);
  return isOwn ? name : undefined;
}
