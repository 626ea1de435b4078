import type { Resource } from "@opentelemetry/resources";
import { lazy } from "../lazy.ts";
import type { LogsConfig } from "../config/config.ts";
import type { SignalCounters } from "../diagnostics/telemetry-counters.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { UnsentTelemetry } from "../diagnostics/unsent-telemetry.ts";
import type { Pipeline } from "../export/pipeline.ts";
import type { Redactor } from "../redaction/redactor.ts";
import { createLogProcessor } from "../export/item-processors.ts";
import { levelChanges } from "./levels/level-changes.ts";
import type { RequestLevels } from "./levels/request-levels.ts";
import type { LogObserver } from "./log-observer.ts";
import { type LogRecordSink, TelltaleLoggerProvider } from "./logger.ts";
import type { LogRecord } from "./log-record.ts";

const loadConsolePrinter = lazy<typeof import("../export/console-printer.ts")>(
  "export/console-printer.ts",
);
const loadRequestLevels = lazy<typeof import("./levels/request-levels.ts")>(
  "logs/levels/request-levels.ts",
);
const loadConsole = lazy<typeof import("./console-exporter.ts")>("logs/console-exporter.ts");

interface LogsDeps {
  readonly config: LogsConfig;
  readonly resource: Resource;
  readonly redactor: Redactor;
  readonly counters: SignalCounters;
  readonly diagnostics: Diagnostics;
  readonly unsent?: UnsentTelemetry;
  readonly logObserver?: LogObserver;
}

export interface Logs {
  /** Registered with the API, and used by the adaptors of the app's loggers. */
  readonly provider: TelltaleLoggerProvider;
  readonly pipeline: Pipeline;
}

/** Creates the logs pipeline, from the API's loggers to the exporters. */
export function createLogs(deps: LogsDeps): Logs {
  const { config, resource, redactor } = deps;
  const output = createLogOutput(deps);
  const flush = {
    flush: (timeoutMs: number) => output.pipeline.flush(timeoutMs),
    timeoutMs: config.batch.exportTimeoutMs,
  };
  if (config.debugSecret !== undefined) watchRequestLevels(config.debugSecret);
  const sharedState = { resource, limits: config.limits, redactor };
  return {
    provider: new TelltaleLoggerProvider(sharedState, output.sink, flush, deps.logObserver),
    pipeline: output.pipeline,
  };
}

/** Lets requests ask for lines of level debug. */
function watchRequestLevels(secret: string): void {
  let levels: RequestLevels | undefined;
  levelChanges.setRequestLevel(() => {
    levels ??= new (loadRequestLevels().RequestLevels)(secret);
    return levels.activeLevel();
  });
}

interface LogOutput {
  readonly sink: LogRecordSink;
  readonly pipeline: Pipeline;
}

const emptyPipeline: Pipeline = { flush: async () => {}, drainForExit: () => [] };

function createLogOutput(deps: LogsDeps): LogOutput {
  const { config, counters, diagnostics, unsent } = deps;
  const print = config.exporters.includes("console")
    ? loadConsolePrinter().createConsolePrinter<LogRecord>({
        diagnostics,
        key: "logs console",
        noun: "a log record",
        load: () => loadConsole().createConsoleLogExporter(),
      })
    : undefined;
  if (!config.exporters.includes("otlp")) return createUnbatchedOutput(counters, print);
  const { batch: batchConfig, otlp } = config;
  const batch = createLogProcessor({ config: batchConfig, otlp, counters, diagnostics });
  return {
    sink: (record) => {
      counters.created++;
      unsent?.mark();
      print?.(record.toRecord());
      batch.add(record);
    },
    pipeline: batch,
  };
}

type PrintRecord = (record: LogRecord) => void;

function createUnbatchedOutput(
  counters: SignalCounters,
  print: PrintRecord | undefined,
): LogOutput {
  if (print === undefined) return { sink: undefined, pipeline: emptyPipeline };
  return {
    sink: (record) => {
      counters.created++;
      counters.sent++;
      print(record.toRecord());
    },
    pipeline: emptyPipeline,
  };
}
