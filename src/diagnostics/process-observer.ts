import { subscribe } from "node:diagnostics_channel";
import { appendFileSync } from "node:fs";
import { url as inspectorUrl } from "node:inspector";
import type { AddressInfo } from "node:net";
import { join, sep } from "node:path";
import { isMainThread, threadId } from "node:worker_threads";
import type { ReadableSpan, SpanProcessor } from "@opentelemetry/sdk-trace";
import type { LogLevel } from "../config/config.ts";
import { version } from "../version.ts";
import type { Observation, ObservedCounts, ObservedFile } from "./observation.ts";
import type { TelemetryCounters } from "./telemetry-counters.ts";

/** How often the numbers are written, in milliseconds. */
const INTERVAL_MS = 500;

/** An app of many files is described by its first ones. */
const MAX_APP_FILES = 500;

/** OpenTelemetry's `SpanKind.SERVER`. */
const SERVER = 1;

const NODE_MODULES = `${sep}node_modules${sep}`;

/** What the observer needs of the composition root. */
export interface ProcessObserverDeps {
  /** The folder of doctor. */
  readonly folder: string;
  readonly flags: readonly string[];
  readonly environment: ReadonlyMap<string, string>;
  /** Reads the environment again, which the app may have changed. */
  readonly readEnvironment: () => ReadonlyMap<string, string>;
}

/**
 * Writes what happens in this thread for `telltale doctor`. Nothing of it reaches the app,
 * and no method throws: a folder that is gone ends the observation.
 */
export class ProcessObserver {
  readonly #deps: ProcessObserverDeps;
  readonly #file: string;
  readonly #packages = new Set<string>();
  readonly #scopes = new Map<string, number>();
  readonly #lateVariables = new Set<string>();
  #counters: TelemetryCounters | undefined;
  #appFiles = 0;
  #serverSpans = 0;
  #traceId: string | undefined;
  #lines = 0;
  #linesWithTrace = 0;
  #lastTelemetry = "";
  #hasInspector = false;
  #isOver = false;

  constructor(deps: ProcessObserverDeps) {
    this.#deps = deps;
    this.#file = fileIn(deps.folder);
    this.#write({
      kind: "start",
      pid: process.pid,
      isMainThread,
      node: process.versions.node,
      version,
      script: process.argv[1],
      cwd: process.cwd(),
      flags: deps.flags,
      environment: [...deps.environment],
    });
    this.#watchServers();
    const timer = setInterval(() => this.#report(), INTERVAL_MS);
    timer.unref();
    process.on("exit", () => this.#report());
  }

  /** Starts the reports of numbers. The preload is complete. */
  start(counters: TelemetryCounters): void {
    this.#counters = counters;
    this.#write({ kind: "ready" });
  }

  /** Notes a file that is about to be loaded, as CommonJS or as an ES module. */
  fileLoaded(path: string): void {
    const directory = packageDirectory(path);
    if (directory === undefined) {
      if (this.#appFiles++ < MAX_APP_FILES) this.#write({ kind: "app-file", path });
    } else if (!this.#packages.has(directory)) {
      this.#packages.add(directory);
      this.#write({ kind: "package", directory });
    }
  }

  libraryPatched(instrumentation: string, file: ObservedFile): void {
    const { package: name, version: ofLibrary, file: path, directory, format } = file;
    const patched = { package: name, version: ofLibrary, file: path, directory, format };
    this.#write({ kind: "patched", instrumentation, file: patched });
  }

  /** Notes a message of telltale's own, whether or not its level is logged. */
  messageLogged(level: LogLevel, key: string, text: string): void {
    this.#write({ kind: "message", level, key, text });
  }

  /** Counts a log record. */
  recordLogged(traceId: string | undefined): void {
    this.#lines++;
    if (traceId !== undefined) this.#linesWithTrace++;
  }

  /** Counts the spans of each scope. */
  readonly spanProcessor: SpanProcessor = {
    onStart: () => {},
    onEnd: (span) => this.#spanEnded(span),
    forceFlush: async () => {},
    shutdown: async () => {},
  };

  #spanEnded(span: ReadableSpan): void {
    const { name } = span.instrumentationScope;
    const count = this.#scopes.get(name) ?? 0;
    this.#scopes.set(name, count + 1);
    if ((span.kind as number) === SERVER) {
      this.#serverSpans++;
      this.#traceId ??= span.spanContext().traceId;
    }
    // A process that is killed has written at least the first of each kind.
    if (count === 0) this.#report();
  }

  /** The channel of Node reports telltale's own server, too, whose port doctor knows. */
  #watchServers(): void {
    subscribe("tracing:net.server.listen:asyncEnd", (message) => {
      const { server } = message as {
        readonly server?: { address(): AddressInfo | string | null };
      };
      const address = server?.address();
      if (typeof address === "object" && address !== null)
        this.#write({ kind: "listening", port: address.port });
      this.#report();
    });
  }

  #report(): void {
    if (this.#isOver) return;
    this.#reportInspector();
    this.#reportLateVariables();
    if (this.#counters === undefined) return;
    const counts = Object.entries(this.#counters).map(([signal, one]) => {
      const { created, sent, queued, dropped } = one as ObservedCounts;
      return [signal, { created, sent, queued, dropped }] as const;
    });
    const telemetry: Observation = {
      kind: "telemetry",
      spans: Object.fromEntries(this.#scopes),
      serverSpans: this.#serverSpans,
      traceId: this.#traceId,
      lines: this.#lines,
      linesWithTrace: this.#linesWithTrace,
      counts: Object.fromEntries(counts),
    };
    const text = JSON.stringify(telemetry);
    if (text === this.#lastTelemetry) return;
    this.#lastTelemetry = text;
    this.#write(telemetry);
  }

  #reportInspector(): void {
    const url = this.#hasInspector ? undefined : inspectorUrl();
    if (url === undefined) return;
    this.#hasInspector = true;
    this.#write({ kind: "inspector", host: new URL(url).host });
  }

  #reportLateVariables(): void {
    const { environment, readEnvironment } = this.#deps;
    const late = [...readEnvironment()]
      .filter(([name, value]) => environment.get(name) !== value && !this.#lateVariables.has(name))
      .map(([name]) => name);
    if (late.length === 0) return;
    for (const name of late) this.#lateVariables.add(name);
    this.#write({ kind: "late-variables", names: late });
  }

  #write(observation: Observation): void {
    this.#isOver ||= !append(this.#file, observation);
  }
}

/** Notes that a preload runs after telltale has been started: that of a flag, or of an import in the app. */
export function observePreload(folder: string): void {
  append(fileIn(folder), { kind: "preload" });
}

/** Each thread has a file of its own. */
function fileIn(folder: string): string {
  return join(folder, `${process.pid}-${threadId}.jsonl`);
}

/** Returns false if that is not possible: doctor has ended. */
function append(file: string, observation: Observation): boolean {
  try {
    appendFileSync(file, `${JSON.stringify(observation)}\n`, { mode: 0o600 });
    return true;
  } catch {
    return false;
  }
}

function packageDirectory(path: string): string | undefined {
  const at = path.lastIndexOf(NODE_MODULES);
  if (at === -1) return undefined;
  const start = at + NODE_MODULES.length;
  const end = path.indexOf(sep, path[start] === "@" ? path.indexOf(sep, start) + 1 : start);
  return end === -1 ? undefined : path.slice(0, end);
}
