import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { OtlpSignal } from "../../otlp/decode.ts";
import type { JsonObject } from "../../otlp/protobuf.ts";
import type { OtlpExport, UnitFilter } from "../../viewer/viewer-store.ts";
import type { Answer } from "./answer.ts";
import { plural } from "./figures.ts";
import { SourceError, type ViewerSource } from "./viewer-source.ts";

const fields: Readonly<Record<OtlpSignal, string>> = {
  traces: "resourceSpans",
  logs: "resourceLogs",
  metrics: "resourceMetrics",
};

const SIGNALS: readonly OtlpSignal[] = ["traces", "logs", "metrics"];

/**
 * Writes requests as OTLP JSON, one file for each signal. Only the user can read the files,
 * which have parameters of queries.
 *
 * @throws SourceError if a file can't be written.
 */
export async function exportTelemetry(
  source: ViewerSource,
  filter: UnitFilter,
  folder: string,
): Promise<Answer> {
  const files: string[] = [];
  for (const signal of SIGNALS) {
    const content = (await source.export(signal, filter)) as JsonObject;
    if (!hasItems(content, signal)) continue;
    const file = join(folder, `${signal}.json`);
    write(folder, file, JSON.stringify(content));
    files.push(file);
  }
  return {
    view: { source: source.description, files },
    lines: () => [`${plural(files.length, "file")} (${source.description})`, ...files],
    found: false,
  };
}

function hasItems(content: JsonObject, signal: OtlpSignal): boolean {
  const groups = content[fields[signal]];
  return Array.isArray(groups) && groups.length > 0;
}

function write(folder: string, file: string, text: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(file, `${text}\n`, { mode: 0o600 });
  } catch (error) {
    throw new SourceError(`--export: ${file} can't be written: ${codeOf(error)}`);
  }
}

/**
 * Reads a file of OTLP JSON into the history: that of one signal, with one export request
 * or one a line, as the file exporter of the Collector writes it, or the export of one request.
 *
 * @throws SourceError if it can't be read, or is none.
 */
export async function importTelemetry(source: ViewerSource, file: string): Promise<void> {
  const texts = readText(file).split("\n");
  const parts = isOneObject(texts)
    ? [texts.join("\n")]
    : texts.filter((line) => line.trim() !== "");
  for (const part of parts) await source.import(parsePart(file, part));
}

/** Whether a file has one object, which may have been formatted. */
function isOneObject(lines: readonly string[]): boolean {
  return parseObject(lines.join("\n")) !== undefined;
}

function parsePart(file: string, text: string): OtlpExport {
  const content = parseObject(text);
  const signals = SIGNALS.filter((signal) => content !== undefined && fields[signal] in content);
  const nested = SIGNALS.filter((signal) => typeof content?.[signal] === "object");
  if (content !== undefined && signals.length + nested.length > 0)
    return Object.fromEntries([
      ...signals.map((signal) => [signal, { [fields[signal]]: content[fields[signal]] }] as const),
      ...nested.map((signal) => [signal, content[signal]] as const),
    ]) as OtlpExport;
  throw new SourceError(
    `--import: ${file} is no OTLP JSON, which has one of ${Object.values(fields).join(", ")}`,
  );
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const content: unknown = JSON.parse(text);
    return typeof content === "object" && content !== null ? (content as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new SourceError(`--import: ${file} can't be read: ${codeOf(error)}`);
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
