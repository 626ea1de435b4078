import type { LogDetail, Page } from "../model.ts";
import type { LogQuery } from "../viewer-store.ts";
import { severityOfLevel } from "./details/log-detail.ts";
import { pageOf, type Position } from "./units/unit-index.ts";

const MAX_LOGS = 10_000;
const MAX_BYTES = 16 * 1024 * 1024;
/** Of a record beside its texts, roughly. */
const BYTES_PER_LOG = 600;

interface NumberedLog {
  readonly id: number;
  readonly bytes: number;
  readonly log: LogDetail;
}

/** The last log records of all services. */
export class LogList {
  #logs: NumberedLog[] = [];
  #bytes = 0;
  #lastId = 0;

  add(log: LogDetail): void {
    const bytes = BYTES_PER_LOG + log.message.length + stackLength(log);
    this.#logs.push({ id: ++this.#lastId, bytes, log });
    this.#bytes += bytes;
    this.#dropSurplus();
  }

  /** Adds records of earlier processes before all others. */
  addOld(logs: readonly LogDetail[]): void {
    const newer = this.#logs;
    this.clear();
    for (const log of [...logs, ...newer.map((numbered) => numbered.log)]) this.add(log);
  }

  #dropSurplus(): void {
    // Rarely, since it moves the rest.
    if (this.#logs.length > MAX_LOGS * 1.1 || this.#bytes > MAX_BYTES) this.#dropOldest();
  }

  clear(): void {
    this.#logs = [];
    this.#bytes = 0;
  }

  /** The newest first. */
  page({ text, level, service, traceId, limit, cursor }: LogQuery): Page<LogDetail> {
    const severity = level === undefined ? 0 : severityOfLevel(level);
    const wanted = text?.toLowerCase() ?? "";
    const rows = this.#logs
      .filter(
        ({ log }) =>
          (severity === 0 || log.severity >= severity) &&
          (service === undefined || log.service === service) &&
          (traceId === undefined || log.traceId === traceId) &&
          (wanted === "" || hasText(log, wanted)),
      )
      .map(({ id, log }) => ({ value: log.time, id: String(id), item: log }))
      .toSorted(newestFirst);
    return pageOf(rows, { limit, cursor }, newestFirst);
  }

  #dropOldest(): void {
    let count = 0;
    const bytes = MAX_BYTES * 0.9;
    while (this.#logs.length - count > MAX_LOGS || this.#bytes > bytes) {
      this.#bytes -= this.#logs[count++]?.bytes ?? this.#bytes;
    }
    this.#logs.splice(0, count);
  }
}

function newestFirst(a: Position, b: Position): number {
  return b.value - a.value || Number(b.id) - Number(a.id);
}

function stackLength({ attributes }: LogDetail): number {
  const stack = attributes["exception.stacktrace"];
  return typeof stack === "string" ? stack.length : 0;
}

function hasText(log: LogDetail, wanted: string): boolean {
  return (
    log.message.toLowerCase().includes(wanted) ||
    (log.logger?.toLowerCase().includes(wanted) ?? false) ||
    (log.traceId?.startsWith(wanted) ?? false) ||
    JSON.stringify(log.attributes).toLowerCase().includes(wanted)
  );
}
