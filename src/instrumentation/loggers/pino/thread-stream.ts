import { createRequire } from "node:module";

/** What `pino.transport` passes to its thread. */
interface WorkerData {
  readonly targets?: readonly Target[];
  /** Lists of streams. All streams of a list have the level of their pipeline. */
  readonly pipelines?: readonly (readonly Target[])[];
  /** The app's custom levels. */
  readonly levels?: Readonly<Record<string, number>>;
}

interface Target {
  readonly level?: string | number;
}

interface ThreadOptions {
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

/** The lowest level that any target of a stream's thread accepts. */
const minLevels = new WeakMap<object, number>();

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
      const minimum = minLevelOf(args[0]);
      if (minimum !== undefined) minLevels.set(stream, minimum);
      return stream;
    },
  });
}

/** Whether a stream accepts lines of a level: `pino.multistream` and transports have their own levels. */
export function acceptsLevel(stream: unknown, level: number): boolean {
  if (typeof stream !== "object" || stream === null) return true;
  const { minLevel } = stream as { readonly minLevel?: unknown };
  const minimum = typeof minLevel === "number" ? minLevel : minLevels.get(stream);
  return minimum === undefined || level >= minimum;
}

/** Returns undefined if every line is accepted. */
function minLevelOf({ filename, workerData }: ThreadOptions): number | undefined {
  try {
    const { targets = [], pipelines = [], levels } = workerData ?? {};
    const targetLevels = [...targets, ...pipelines.map((streams) => streams.at(-1) ?? {})].map(
      ({ level }) => level,
    );
    if (targetLevels.length === 0) return undefined;
    if (targetLevels.length === 1 && !isSingleTargetFiltered(targetLevels[0], filename))
      return undefined;
    return Math.min(...targetLevels.map((level) => levelNumberOf(level, levels)));
  } catch {
    return undefined;
  }
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
