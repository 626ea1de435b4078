import type { LogDetail } from "../../../model.ts";

/** The filters of the log stream, by their names in the API. */
export interface LogFilter {
  readonly text?: string;
  /** The lowest level. */
  readonly level?: string;
  readonly service?: string;
  readonly trace?: string;
}

/** Levels by OpenTelemetry's severity numbers. */
export const levels: readonly { readonly name: string; readonly severity: number }[] = [
  { name: "debug", severity: 5 },
  { name: "info", severity: 9 },
  { name: "warn", severity: 13 },
  { name: "error", severity: 17 },
];

export function logFilterOf(params: URLSearchParams): LogFilter {
  const names = ["text", "level", "service", "trace"] as const;
  const entries = names.map((name) => [name, params.get(name)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value)) as LogFilter;
}

export function matchesLog(log: LogDetail, { text, level, service, trace }: LogFilter): boolean {
  const lowest = levels.find(({ name }) => name === level)?.severity ?? 0;
  return (
    log.severity >= lowest &&
    (service === undefined || log.service === service) &&
    (trace === undefined || log.traceId === trace) &&
    (text === undefined || log.message.toLowerCase().includes(text.toLowerCase()))
  );
}
