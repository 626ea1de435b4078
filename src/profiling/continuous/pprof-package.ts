import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { describeThrown, loadAppModule } from "../../files/app-module.ts";
import { propertyOf } from "../../property.ts";

/*
 * The package of the app that samples: `@datadog/pprof`, with a native module. telltale does
 * not contain it, and uses its documented functions.
 * https://github.com/DataDog/pprof-nodejs
 */

export const PPROF_PACKAGE = "@datadog/pprof";

/** The first version whose samples have the context of asynchronous code on Node 24. */
const MIN_VERSION = [5, 14] as const;

/** Its profile, with the names of pprof's format; values are numbers or bigints. */
export interface PackageProfile {
  readonly sampleType: readonly { readonly type: PackageNumber; readonly unit: PackageNumber }[];
  readonly sample: readonly PackageSample[];
  readonly location: readonly {
    readonly id: PackageNumber;
    readonly line: readonly {
      readonly functionId: PackageNumber;
      readonly line: PackageNumber;
      readonly column?: PackageNumber;
    }[];
  }[];
  readonly function: readonly {
    readonly id: PackageNumber;
    readonly name: PackageNumber;
    readonly filename: PackageNumber;
  }[];
  readonly stringTable: { readonly strings: readonly string[] };
}

export interface PackageSample {
  /** The innermost function first. Samples of one stack share the list. */
  readonly locationId: readonly PackageNumber[];
  readonly value: readonly PackageNumber[];
  readonly label: readonly { readonly key: PackageNumber; readonly str: PackageNumber }[];
}

export type PackageNumber = number | bigint;

/** Where a function is, line and column from 1. */
export interface PackagePlace {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly name?: string;
}

/** What the package asks for the original of a place. */
export interface PlaceMapper {
  mappingInfo(place: PackagePlace): PackagePlace & { readonly missingMapFile?: boolean };
}

/** The context of a sample, as it was set. */
export interface SampleContext {
  readonly context?: { readonly context?: unknown } | undefined;
}

export type LabelsOf = (sample: SampleContext) => Readonly<Record<string, string>>;

/** The sampling of time. Replaced functions are called as methods of it. */
export interface TimeProfiler {
  start(options: Readonly<Record<string, unknown>>): void;
  stop(restart: boolean, labelsOf: LabelsOf): PackageProfile;
  isStarted(): boolean;
  setContext(context: object | undefined): void;
  getContext(): unknown;
  runWithContext<Args extends unknown[], R>(
    context: object,
    work: (...args: Args) => R,
    ...args: Args
  ): R;
}

/** The sampling of allocations. */
export interface HeapProfiler {
  start(intervalBytes: number, stackDepth: number): void;
  stop(): void;
  profile(
    ignoredPath: undefined,
    mapper: PlaceMapper,
    labelsOf: undefined,
    columns: "emit",
  ): PackageProfile;
}

export interface PprofPackage {
  readonly time: TimeProfiler;
  readonly heap: HeapProfiler;
}

/** Why the package can't be used, and what to do. */
export class UnusablePackage extends Error {}

/**
 * Loads the app's `@datadog/pprof`.
 *
 * @param path where the app is, a file or a folder
 * @throws UnusablePackage if there is none, or it does not work, or another one is at work
 */
export function loadPprofPackage(path: string): PprofPackage {
  const require = createRequire(join(path, "telltale.js"));
  const version = versionOf(require, path);
  if (!isSupported(version))
    throw new UnusablePackage(
      `${PPROF_PACKAGE} ${version} is not supported; install ${MIN_VERSION.join(".")} or later`,
    );
  if (isAtWork(require.cache)) throw new UnusablePackage(AT_WORK);
  const exports = load(path, version);
  if (isAtWork(require.cache)) throw new UnusablePackage(AT_WORK);
  return exports;
}

const AT_WORK = `the app already records profiles with ${PPROF_PACKAGE}, as dd-trace does; use one of the two`;

function versionOf(require: NodeJS.Require, path: string): string {
  for (const from of [require, createRequire(join(dirname(path), "telltale.js"))]) {
    try {
      return String(
        (from(`${PPROF_PACKAGE}/package.json`) as { readonly version: unknown }).version,
      );
    } catch {
      // In no folder above.
    }
  }
  throw new UnusablePackage(
    `the app has no package ${PPROF_PACKAGE}; install it with npm install ${PPROF_PACKAGE}`,
  );
}

function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > MIN_VERSION[0] || (major === MIN_VERSION[0] && minor >= MIN_VERSION[1]);
}

function load(folder: string, version: string): PprofPackage {
  let loaded: ReturnType<typeof loadAppModule>;
  try {
    loaded = loadAppModule({ specifier: PPROF_PACKAGE, folder });
  } catch (error) {
    throw new UnusablePackage(
      `${PPROF_PACKAGE} ${version} can't be loaded: ${describeThrown(error)}; ${remedyOf(error)}`,
    );
  }
  const exports = "exports" in loaded ? loaded.exports : undefined;
  if (isPprofPackage(exports)) return exports;
  throw new UnusablePackage(
    `${PPROF_PACKAGE} ${version} has other functions than 5.20; install that`,
  );
}

function remedyOf(error: unknown): string {
  const code = propertyOf(error, "code");
  if (code === "ERR_DLOPEN_DISABLED") return "start Node with --allow-addons";
  if (code === "ERR_ACCESS_DENIED") return "permit Node to read its folder";
  return `install it again, for Node ${process.versions.node} on ${process.platform}-${process.arch}`;
}

const FUNCTIONS = {
  time: ["start", "stop", "isStarted", "setContext", "getContext"],
  heap: ["start", "stop", "profile"],
} as const;

function isPprofPackage(exports: unknown): exports is PprofPackage {
  return Object.entries(FUNCTIONS).every(([part, names]) => {
    const object = propertyOf(exports, part);
    return names.every((name) => typeof propertyOf(object, name) === "function");
  });
}

const MODULE = /[\\/]@datadog[\\/]pprof[\\/]out[\\/]src[\\/]index\.js$/;

/** Whether any copy of the package is recording: two of them disturb each other. */
function isAtWork(cache: NodeJS.Require["cache"]): boolean {
  return Object.entries(cache).some(([file, module]) => {
    if (!MODULE.test(file)) return false;
    const time = propertyOf(module?.exports, "time") as Partial<TimeProfiler> | undefined;
    return time?.isStarted?.() === true;
  });
}
