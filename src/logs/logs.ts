import type { Resource } from "@opentelemetry/resources";
import { lazy } from "../lazy.ts";
import type { LogsConfig } from "../config/config.ts";
import type { Account } from "../diagnostics/account.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { Unsent } from "../diagnostics/unsent.ts";
import type { Pipeline } from "../export/exit.ts";
import { createLogBatch } from "../export/item-batch.ts";
import { type RecordSink, TelltaleLoggerProvider } from "./logger.ts";
import type { LogRecord } from "./record.ts";

const loadConsole = lazy<typeof import("./console.ts")>("logs/console.ts");

export interface LogsParts {
  readonly config: LogsConfig;
  readonly resource: Resource;
  readonly account: Account;
  readonly diagnostics: Diagnostics;
  readonly unsent?: Unsent;
}

export interface Logs {
  /** For the API's global, and for the adaptors of the app's own loggers. */
  readonly provider: TelltaleLoggerProvider;
  /** One record, as `provider.getLogger(…).record(…)` makes them; dropped if no exporter is configured. */
  emit(record: LogRecord): void;
  readonly pipeline: Pipeline;
}

/** The logs' pipeline: the API's loggers and the way out. */
export function createLogs(parts: LogsParts): Logs {
  const { config, resource } = parts;
  const outlet = createOutlet(parts);
  return {
    provider: new TelltaleLoggerProvider({ resource, limits: config.limits }, outlet.sink, {
      flush: (timeoutMs) => outlet.pipeline.flush(timeoutMs),
      timeoutMs: config.batch.exportTimeoutMs,
    }),
    emit: (record) => outlet.sink?.(record),
    pipeline: outlet.pipeline,
  };
}

interface Outlet {
  readonly sink: RecordSink;
  readonly pipeline: Pipeline;
}

const nothingQueued: Pipeline = { flush: async () => {}, pending: () => [] };

function createOutlet(parts: LogsParts): Outlet {
  const { config, account, diagnostics, unsent } = parts;
  const print = config.exporters.includes("console") ? createConsole(diagnostics) : undefined;
  if (!config.exporters.includes("otlp")) return outletWithout(account, print);
  const { batch: settings, otlp } = config;
  const batch = createLogBatch({ config: settings, otlp, account, diagnostics });
  return {
    sink: (record) => {
      account.made++;
      unsent?.note();
      print?.(record.finished());
      batch.add(record);
    },
    pipeline: batch,
  };
}

type Print = (record: LogRecord) => void;

function outletWithout(account: Account, print: Print | undefined): Outlet {
  if (print === undefined) return { sink: undefined, pipeline: nothingQueued };
  return {
    sink: (record) => {
      account.made++;
      account.sent++;
      print(record.finished());
    },
    pipeline: nothingQueued,
  };
}

/**
 * Loaded with the first record. An app whose `stdout` writes to its own logger
 * would have each print make the next record: what is made meanwhile is not printed.
 */
function createConsole(diagnostics: Diagnostics): Print {
  let print: Print | undefined;
  let printing = false;
  return (record) => {
    if (printing) return;
    printing = true;
    try {
      (print ??= loadConsole().createConsoleExporter())(record);
    } catch (error) {
      diagnostics.error("logs console", `a log record could not be printed: ${String(error)}`);
    }
    printing = false;
  };
}
