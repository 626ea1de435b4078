import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { LogLevel } from "../../config/config.ts";
import type { Observation, ObservedCounts, ObservedFile } from "../../diagnostics/observation.ts";

/** What the processes and threads of a command have reported, together. */
export interface ObservedRun {
  /** Undefined if none of them has started telltale. */
  readonly process: ObservedProcess | undefined;
  /** Process ids of the app, without those of npm. */
  readonly pids: readonly number[];
  /** Whether the preload is complete in a process of the app. */
  readonly isReady: boolean;
  /** Directories of the loaded packages, in the order of loading. */
  readonly packages: readonly string[];
  readonly appFiles: readonly string[];
  readonly patched: readonly { readonly instrumentation: string; readonly file: ObservedFile }[];
  readonly messages: readonly ObservedMessage[];
  /** Names of packages that were loaded before telltale. */
  readonly earlyPackages: ReadonlySet<string>;
  /** Directories of the packages that were loaded before a preload by code of the app; undefined without one. */
  readonly packagesBeforePreload: readonly string[] | undefined;
  readonly ports: readonly number[];
  readonly inspector: string | undefined;
  readonly lateVariables: readonly string[];
  /** Spans by the name of their scope. */
  readonly spans: ReadonlyMap<string, number>;
  readonly serverSpans: number;
  readonly traceId: string | undefined;
  readonly lines: number;
  readonly linesWithTrace: number;
  readonly counts: ReadonlyMap<string, ObservedCounts>;
}

export type ObservedProcess = Extract<Observation, { kind: "start" }>;

export interface ObservedMessage {
  readonly level: LogLevel;
  readonly key: string;
  readonly text: string;
}

/** Reads what has been reported so far. Never throws. */
export function readRun(folder: string): ObservedRun {
  const processes = filesIn(folder)
    .map((file) => readObservations(join(folder, file)))
    .filter((observations) => !isTool(observations));
  return combine(processes);
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(".jsonl"));
  } catch {
    return [];
  }
}

/** The last line may be incomplete. */
function readObservations(path: string): Observation[] {
  try {
    return readFileSync(path, "utf8").split("\n").flatMap(parseLine);
  } catch {
    return [];
  }
}

function parseLine(line: string): Observation[] {
  try {
    return line === "" ? [] : [JSON.parse(line) as Observation];
  } catch {
    return [];
  }
}

/** npm and its like run the app, and are themselves programs of Node. */
function isTool(observations: readonly Observation[]): boolean {
  const start = observations.find((one) => one.kind === "start");
  return /[\\/](npm|npx|yarn|pnpm|corepack)(-cli)?(\.[cm]?js)?$/.test(start?.script ?? "");
}

function combine(processes: readonly (readonly Observation[])[]): ObservedRun {
  const all = processes.flat();
  const telemetry = processes.flatMap((one) => one.findLast(ofKind("telemetry")) ?? []);
  const sum = (of: (one: (typeof telemetry)[number]) => number): number =>
    telemetry.reduce((total, one) => total + of(one), 0);
  return {
    process: mainProcess(processes),
    pids: unique(all.filter(ofKind("start")).map(({ pid }) => pid)),
    isReady: all.some(ofKind("ready")),
    packages: unique(all.filter(ofKind("package")).map(({ directory }) => directory)),
    appFiles: unique(all.filter(ofKind("app-file")).map(({ path }) => path)),
    patched: all.filter(ofKind("patched")),
    messages: all.filter(ofKind("message")),
    earlyPackages: new Set(all.filter(ofKind("message")).flatMap(earlyPackage)),
    packagesBeforePreload: processes.map(packagesBeforePreload).find((one) => one !== undefined),
    ports: unique(all.filter(ofKind("listening")).map(({ port }) => port)),
    inspector: all.find(ofKind("inspector"))?.host,
    lateVariables: unique(all.filter(ofKind("late-variables")).flatMap(({ names }) => names)),
    spans: sumByName(telemetry.map(({ spans }) => spans)),
    serverSpans: sum(({ serverSpans }) => serverSpans),
    traceId: telemetry.find(({ traceId }) => traceId !== undefined)?.traceId,
    lines: sum(({ lines }) => lines),
    linesWithTrace: sum(({ linesWithTrace }) => linesWithTrace),
    counts: sumCounts(telemetry.map(({ counts }) => counts)),
  };
}

function ofKind<Kind extends Observation["kind"]>(kind: Kind) {
  return (one: Observation): one is Extract<Observation, { kind: Kind }> => one.kind === kind;
}

/** The one that listens, else the last main thread. */
function mainProcess(processes: readonly (readonly Observation[])[]): ObservedProcess | undefined {
  const listening = processes.find((one) => one.some(ofKind("listening")) && isMain(one));
  const last = processes.findLast(isMain);
  return (listening ?? last ?? processes[0])?.find(ofKind("start"));
}

function isMain(observations: readonly Observation[]): boolean {
  return observations.find(ofKind("start"))?.isMainThread === true;
}

const EARLY = "instrumentation.late:";

function earlyPackage({ key }: ObservedMessage): string[] {
  return key.startsWith(EARLY) ? [key.slice(EARLY.length)] : [];
}

/** The packages before the first preload that is not doctor's, if there are any. */
function packagesBeforePreload(observations: readonly Observation[]): string[] | undefined {
  const at = observations.findIndex(ofKind("preload"));
  if (at === -1) return undefined;
  const before = observations.slice(0, at).filter(ofKind("package"));
  return before.length === 0 ? undefined : before.map(({ directory }) => directory);
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}

function sumByName(records: readonly Readonly<Record<string, number>>[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [name, count] of records.flatMap(Object.entries<number>))
    sums.set(name, (sums.get(name) ?? 0) + count);
  return sums;
}

function sumCounts(
  records: readonly Readonly<Record<string, ObservedCounts>>[],
): Map<string, ObservedCounts> {
  const sums = new Map<string, ObservedCounts>();
  for (const [signal, one] of records.flatMap(Object.entries<ObservedCounts>)) {
    const before = sums.get(signal) ?? { created: 0, sent: 0, queued: 0, dropped: {} };
    sums.set(signal, {
      created: before.created + one.created,
      sent: before.sent + one.sent,
      queued: before.queued + one.queued,
      dropped: Object.fromEntries(sumByName([before.dropped, one.dropped])),
    });
  }
  return sums;
}
