import type { Resource } from "@opentelemetry/resources";
import { lazy } from "../lazy.ts";
import type { LogsConfig } from "../config/config.ts";
import { SignalCounters, type TelemetryCounters } from "../diagnostics/telemetry-counters.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { UnsentTelemetry } from "../diagnostics/unsent-telemetry.ts";
import { joinPipelines, type Pipeline } from "../export/pipeline.ts";
import type { Redactor } from "../redaction/redactor.ts";
import { createLogProcessor } from "../export/item-processors.ts";
import { levelChanges } from "./levels/level-changes.ts";
import type { RequestLevels } from "./levels/request-levels.ts";
import type { LogObserver } from "./log-observer.ts";
import { type LogRecordSink, TelltaleLoggerProvider } from "./logger.ts";
import type { LogRecord, LogRecordSource } from "./log-record.ts";

const loadConsolePrinter = lazy<typeof import("../export/console-printer.ts")>(
  "export/console-printer.ts",
);
const loadRequestLevels = lazy<typeof import("./levels/request-levels.ts")>(
  "logs/levels/request-levels.ts",
);
const loadLogFiles = lazy<typeof import("./files/log-files.ts")>("logs/files/log-files.ts");
const loadScopeFilter = lazy<typeof import("./scope-filter.ts")>("logs/scope-filter.ts");
const loadConsole = lazy<typeof import("./console-exporter.ts")>("logs/console-exporter.ts");

interface LogsDeps {
  readonly config: LogsConfig;
  readonly resource: Resource;
  readonly redactor: Redactor;
  readonly counters: Pick<TelemetryCounters, "logs" | "log_lines">;
  readonly diagnostics: Diagnostics;
  readonly unsent?: UnsentTelemetry;
  /** Time limit of the log files at the exit of the process, in milliseconds. */
  readonly flushTimeoutMs: number;
  readonly logObserver?: LogObserver;
  /** Gets each log record too, with its own counters. Must not throw. */
  readonly addToViewer?: ((record: LogRecordSource) => void) | undefined;
  /** Exports in the place of telltale's exporters. */
  readonly sdkOutput?: ExportOutput | undefined;
}

export interface Logs {
  /** Registered with the API, and used by the adaptors of the app's loggers. */
  readonly provider: TelltaleLoggerProvider;
  readonly pipeline: Pipeline;
  /** The log files. They are flushed last, since the others only hand over what is sent meanwhile. */
  readonly files: Pipeline;
}

/** Creates the logs pipeline, from the API's loggers to the exporters and the log files. */
export function createLogs(deps: LogsDeps): Logs {
  const { config, resource, redactor } = deps;
  const { sink, pipeline, files } = createLogOutput(deps);
  const flush = {
    flush: async (timeoutMs: number) => {
      await Promise.all([pipeline.flush(timeoutMs), files.flush(timeoutMs)]);
    },
    timeoutMs: config.batch.exportTimeoutMs,
  };
  if (config.debugSecret !== undefined) watchRequestLevels(config.debugSecret);
  const sharedState = { resource, limits: config.limits, redactor };
  return {
    provider: new TelltaleLoggerProvider(sharedState, sink, flush, deps.logObserver),
    pipeline,
    files,
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
  readonly files: Pipeline;
}

/** Creates the log files, if there are any, beside the exporters. */
function createLogOutput(deps: LogsDeps): LogOutput {
  const { config, unsent } = deps;
  const { log_lines: counters } = deps.counters;
  const output = deps.sdkOutput ?? withFurther(createExportOutput(deps), deps);
  const exported = withViewer(filtered(output, config), deps);
  if (config.files === undefined) return { ...exported, files: emptyPipeline };
  const files = new (loadLogFiles().LogFiles)({ ...deps, config: config.files, counters });
  const sink: LogRecordSink = (record, isExportedByApp) => {
    exported.sink?.(record, isExportedByApp);
    unsent?.mark();
    files.add(record);
  };
  return { sink, pipeline: exported.pipeline, files };
}

/** Adds the further exporters of a configuration file. */
function withFurther(exported: ExportOutput, { config, diagnostics }: LogsDeps): ExportOutput {
  if (config.further === undefined || config.further.length === 0) return exported;
  const counters = new SignalCounters();
  const processors = config.further.map(({ batch, otlp }) =>
    createLogProcessor({ config: batch, otlp, diagnostics, counters }),
  );
  return {
    sink: (record, isExportedByApp) => {
      exported.sink?.(record, isExportedByApp);
      if (isExportedByApp === true) return;
      counters.created += processors.length;
      for (const processor of processors) processor.add(record);
    },
    pipeline: joinPipelines([exported.pipeline, ...processors]),
  };
}

/** Applies the rules of a configuration file to what is exported. */
function filtered(exported: ExportOutput, { scopes }: LogsConfig): ExportOutput {
  if (scopes === undefined || exported.sink === undefined) return exported;
  return { ...exported, sink: loadScopeFilter().filterRecords(scopes, exported.sink) };
}

/** Adds the viewer to the exporters, if there is one. */
function withViewer(exported: ExportOutput, { addToViewer, unsent }: LogsDeps): ExportOutput {
  if (addToViewer === undefined) return exported;
  return {
    ...exported,
    sink: (record, isExportedByApp) => {
      exported.sink?.(record, isExportedByApp);
      unsent?.mark();
      addToViewer(record);
    },
  };
}

const emptyPipeline: Pipeline = { flush: async () => {}, drainForExit: () => [] };

export type ExportOutput = Omit<LogOutput, "files">;

function createExportOutput(deps: LogsDeps): ExportOutput {
  const { config, diagnostics, unsent } = deps;
  const { logs: counters } = deps.counters;
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
    sink: (record, isExportedByApp) => {
      print?.(record.toRecord());
      if (isExportedByApp === true) return;
      counters.created++;
      unsent?.mark();
      batch.add(record);
    },
    pipeline: batch,
  };
}

type PrintRecord = (record: LogRecord) => void;

function createUnbatchedOutput(
  counters: SignalCounters,
  print: PrintRecord | undefined,
): ExportOutput {
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
