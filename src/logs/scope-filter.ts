import type { ScopeRules, ScopeSettings } from "../config/config.ts";
import { settingsFor } from "../config/file/selection.ts";
import type { LogRecordSource } from "./log-record.ts";
import type { LogRecordSink } from "./logger.ts";

/** `TraceFlags.SAMPLED` of the API. */
const SAMPLED_FLAG = 1;

/** More names than any app has by intention. */
const MAX_NAMES = 1000;

/** Returns a sink that passes on the records which the rules of their loggers accept. */
export function filterRecords(
  rules: ScopeRules,
  sink: NonNullable<LogRecordSink>,
): NonNullable<LogRecordSink> {
  const known = new Map<string, ScopeSettings>();
  const settingsOf = (name: string): ScopeSettings => {
    const settings = known.get(name) ?? settingsFor(rules, name);
    if (known.size < MAX_NAMES) known.set(name, settings);
    return settings;
  };
  return (source, isExportedByApp) => {
    const { instrumentationScope } = source.toRecord();
    if (accepts(settingsOf(instrumentationScope.name), source)) sink(source, isExportedByApp);
  };
}

/** A record without a severity has none that is too low. */
function accepts(settings: ScopeSettings, source: LogRecordSource): boolean {
  const { severityNumber = 0, spanContext } = source.toRecord();
  if (!settings.isEnabled) return false;
  if (severityNumber > 0 && severityNumber < settings.minSeverity) return false;
  if (!settings.isTraceBased || spanContext === undefined) return true;
  return (spanContext.traceFlags & SAMPLED_FLAG) !== 0;
}
