import { accessSync, constants, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { LogFileName, LogFilesConfig } from "../../config/config.ts";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";
import type { SignalCounters } from "../../diagnostics/telemetry-counters.ts";
import { runWithDeadline } from "../../export/deadline.ts";
import type { ExitRequestFactory, Pipeline } from "../../export/pipeline.ts";
import { createFolderSync } from "../../files/folder.ts";
import { lazy } from "../../lazy.ts";
import { isErrorSeverity } from "../log-observer.ts";
import type { LogRecordSource } from "../log-record.ts";
import { LogFileWriter } from "./log-file-writer.ts";
import { FOLDER_MODE, RotatingFile } from "./rotating-file.ts";
import { messageOf } from "./error-message.ts";

const loadJsonLine = lazy<typeof import("../json-line.ts")>("logs/json-line.ts");
const loadCompression = lazy<typeof import("./compression.ts")>("logs/files/compression.ts");

export interface LogFilesDeps {
  readonly config: LogFilesConfig;
  /** Counts the lines of all files. A line of `errors.log` counts in addition to that of `application.log`. */
  readonly counters: SignalCounters;
  readonly diagnostics: Diagnostics;
  /** Time limit at the exit of the process, in milliseconds. */
  readonly flushTimeoutMs: number;
}

/** Delay between a line and its batch, in milliseconds. */
const DELAY_MS = 100;

/** Number of records that are written as JSON in one go, as in the queues of exports. */
const ENCODE_CHUNK_SIZE = 64;

/**
 * The files of telltale's own loggers, by scope: measurements and requests, and security
 * events. The records of all other loggers are in `application.log`.
 */
const FILE_OF_SCOPE: ReadonlyMap<string, LogFileName> = new Map([
  ["telltale/performance", "performance"],
  ["telltale/http", "performance"],
  ["telltale/sql", "performance"],
  ["telltale/security", "security"],
]);

/**
 * The log files of `TELLTALE_LOG_DIR`.
 *
 * Neither of the usual libraries keeps all lines. Of 100,000 lines that four
 * processes wrote, 200 KB per file, rotating-file-stream 3.2.10 lost 1,143, and the
 * `File` transport of winston 3 lost 9,303 (of 25,000 of one process, 1,581): each
 * process rotates without regard to the others, and a stream can't be emptied at exit.
 */
export class LogFiles implements Pipeline {
  readonly #deps: LogFilesDeps;
  readonly #folder: string;
  readonly #writers = new Map<LogFileName, LogFileWriter>();
  readonly #timer: NodeJS.Timeout;
  #pending: LogRecordSource[] = [];
  #isScheduled = true;

  /** Creates the folder. If that is not possible, reports it, and tries again with the lines. */
  constructor(deps: LogFilesDeps) {
    this.#deps = deps;
    this.#folder = absolutePath(deps.config.folder);
    this.#timer = setTimeout(() => this.#write(), DELAY_MS).unref();
    this.#checkFolder();
  }

  /** Queues the line of a record, and drops it if it can't be written. For the hot path. Never throws. */
  add(record: LogRecordSource): void {
    this.#deps.counters.created++;
    if (this.#pending.push(record) >= ENCODE_CHUNK_SIZE) this.#encodePending();
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#timer.refresh();
  }

  flush(timeoutMs: number): Promise<void> {
    this.#encodePending();
    const writers = [...this.#writers.values()];
    return runWithDeadline(timeoutMs, async (deadline) => {
      await Promise.all(writers.map((writer) => writer.flush(deadline)));
    });
  }

  /** Writes all lines at once: there is no request for which others could wait. */
  drainForExit(): ExitRequestFactory[] {
    const deadline = performance.now() + this.#deps.flushTimeoutMs;
    this.#encodePending();
    for (const writer of this.#writers.values()) writer.drain(deadline);
    return [];
  }

  #write(): void {
    this.#isScheduled = false;
    this.#encodePending();
    for (const writer of this.#writers.values()) writer.write();
  }

  #encodePending(): void {
    const records = this.#pending;
    this.#pending = [];
    for (const record of records) this.#encode(record);
  }

  #encode(source: LogRecordSource): void {
    const { counters, diagnostics } = this.#deps;
    try {
      const record = source.toRecord();
      const line = `${loadJsonLine().jsonLineOf(record)}\n`;
      const file = FILE_OF_SCOPE.get(record.instrumentationScope.name) ?? "application";
      this.#writerOf(file).add(line);
      if (file !== "application" || !isErrorSeverity(record.severityNumber)) return;
      counters.created++;
      this.#writerOf("errors").add(line);
    } catch (error) {
      counters.drop("failed", 1);
      diagnostics.error(
        "log lines",
        `a line of the log files could not be built: ${messageOf(error)}`,
      );
    }
  }

  #writerOf(name: LogFileName): LogFileWriter {
    const existing = this.#writers.get(name);
    if (existing !== undefined) return existing;
    const { config, counters, diagnostics } = this.#deps;
    const path = join(this.#folder, `${name}.log`);
    const file = new RotatingFile({
      path,
      limits: config.limits[name],
      daily: config.daily,
      onRotated: () => this.#compress(path),
      onRotationError: (error) =>
        diagnostics.warn(
          `${path} rotation`,
          `${path} can't be rotated and grows beyond its limit: ${messageOf(error)}`,
        ),
    });
    const writer = new LogFileWriter({ name, file, counters, diagnostics });
    this.#writers.set(name, writer);
    this.#compress(path);
    return writer;
  }

  #compress(path: string): void {
    if (this.#deps.config.compress) loadCompression().compressBackups(path, this.#deps.diagnostics);
  }

  #checkFolder(): void {
    const folder = this.#folder;
    try {
      createLogFolder(folder);
      accessSync(folder, constants.W_OK | constants.X_OK);
    } catch (error) {
      // The key of the message with which a line would report the same again.
      this.#deps.diagnostics.warn(
        "log files",
        `TELLTALE_LOG_DIR: received "${folder}", expected a folder that can be written (${messageOf(error)}); log lines wait in memory until it can, and are dropped and counted if they are too many`,
      );
    }
  }
}

/** @throws if there is none and it can't be created. */
function createLogFolder(path: string): void {
  const existing = statSync(path, { throwIfNoEntry: false });
  if (existing === undefined) createFolderSync(path, FOLDER_MODE);
  else if (!existing.isDirectory()) throw new Error("it is no folder");
}

function absolutePath(path: string): string {
  try {
    return resolve(path);
  } catch {
    // The working directory was deleted.
    return join("/", path);
  }
}
