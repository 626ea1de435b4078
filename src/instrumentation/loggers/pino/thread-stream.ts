import { createRequire } from "node:module";

/** What `pino.transport` passes to its thread. */
interface WorkerData {
  readonly targets?: readonly Target[];
  /** Lists of streams. All streams of a list have the level of their pipeline. */
  readonly pipelines?: readonly (readonly Target[])[];
  /** The app's custom levels. */
  readonly levels?: Readonly<Record<string, number>>;
  /** Whether a line goes only to the targets of the highest level that accept it. */
  readonly dedupe?: boolean;
}

interface Target {
  /** Path or URL of the module, which pino has resolved. */
  readonly target?: string;
  readonly level?: string | number;
}

interface ThreadOptions {
  /** The only target, or pino's own module that runs several. */
  readonly filename?: string;
  readonly workerData?: WorkerData;
}

type ThreadStream = new (options: ThreadOptions) => object;

const DEFAULT_LEVELS: Readonly<Record<string, number>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
  silent: Infinity,
};

/** A target that exports log records over OTLP by itself. */
const OTLP_TARGET = /[\\/]pino-opentelemetry-transport[\\/]/;

/** What is known about the targets of a stream. */
interface ThreadTargets {
  /** The lowest level that any of them accepts. */
  readonly minLevel: number;
  /** Whether one of them exports lines of a level over OTLP. */
  exports(level: number): boolean;
}

const ACCEPTS_ALL: ThreadTargets = { minLevel: -Infinity, exports: () => false };

const targetsOfStreams = new WeakMap<object, ThreadTargets>();

/**
 * Wraps `thread-stream`, through which pino's transports run in a thread, to learn
 * the levels of their targets. The wrapper is a proxy, so that `instanceof` and the
 * statics of the class work as before.
 */
export function wrapThreadStream(exports: unknown): unknown {
  if (typeof exports !== "function") throw new Error("thread-stream exports no class");
  return new Proxy(exports as ThreadStream, {
    construct(target, args: [ThreadOptions], newTarget: ThreadStream) {
      const stream: object = Reflect.construct(target, args, newTarget);
      targetsOfStreams.set(stream, threadTargetsOf(args[0]));
      return stream;
    },
  });
}

/** Whether a stream accepts lines of a level: `pino.multistream` and transports have their own levels. */
export function acceptsLevel(stream: unknown, level: number): boolean {
  if (typeof stream !== "object" || stream === null) return true;
  const { minLevel } = stream as { readonly minLevel?: unknown };
  const minimum = typeof minLevel === "number" ? minLevel : targetsOfStreams.get(stream)?.minLevel;
  return minimum === undefined || level >= minimum;
}

/** A stream among those of `pino.multistream`. */
interface StreamEntry {
  readonly level?: unknown;
  readonly stream?: unknown;
}

/** Whether a transport of the app exports lines of a level over OTLP, alone or among the streams of `pino.multistream`. */
export function exportsLevel(stream: unknown, level: number): boolean {
  if (typeof stream !== "object" || stream === null) return false;
  const targets = targetsOfStreams.get(stream);
  if (targets !== undefined) return targets.exports(level);
  const { streams } = stream as { readonly streams?: unknown };
  if (!Array.isArray(streams)) return false;
  return (streams as readonly StreamEntry[]).some(
    ({ level: minimum, stream: one }) =>
      typeof minimum === "number" &&
      level >= minimum &&
      targetsOfStreams.get(one as object)?.exports(level) === true,
  );
}

function threadTargetsOf({ filename, workerData }: ThreadOptions): ThreadTargets {
  try {
    const { targets = [], pipelines = [], levels, dedupe } = workerData ?? {};
    const all = [...targets, ...pipelines.map((streams) => streams.at(-1) ?? {})];
    if (all.length === 0) return unfilteredTarget(filename);
    const [first] = all;
    if (all.length === 1 && !isSingleTargetFiltered(first?.level, filename))
      return unfilteredTarget(first?.target);
    const minLevels = all.map(({ level }) => levelNumberOf(level, levels));
    const otlpLevels = minLevels.filter((_, at) => isOtlpTarget(all[at]?.target));
    return {
      minLevel: Math.min(...minLevels),
      exports(level) {
        if (otlpLevels.length === 0) return false;
        const highest = Math.max(...minLevels.filter((minimum) => minimum <= level));
        return otlpLevels.some((minimum) =>
          dedupe === true ? minimum === highest : minimum <= level,
        );
      },
    };
  } catch {
    return ACCEPTS_ALL;
  }
}

function unfilteredTarget(path: string | undefined): ThreadTargets {
  return isOtlpTarget(path) ? { minLevel: -Infinity, exports: () => true } : ACCEPTS_ALL;
}

function isOtlpTarget(path: string | undefined): boolean {
  return path !== undefined && OTLP_TARGET.test(path);
}

/** Resolves a level like `pino.multistream`. */
function levelNumberOf(level: Target["level"], levels: WorkerData["levels"]): number {
  if (typeof level === "number") return level;
  if (level === undefined) return DEFAULT_LEVELS["info"] ?? 30;
  return (
    levels?.[level] ?? DEFAULT_LEVELS[level] ?? DEFAULT_LEVELS[level.toLowerCase()] ?? -Infinity
  );
}

/** Whether pino filters the lines of a transport's only target. Pino 9 doesn't; from 10.4 it does if the target has a level. */
function isSingleTargetFiltered(level: Target["level"], filename: string | undefined): boolean {
  if (filename === undefined) return false;
  const { version } = createRequire(filename)("../package.json") as { readonly version: string };
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < 9) return true;
  return (major > 10 || (major === 10 && minor >= 4)) && level !== undefined;
}
