import { relative } from "node:path";
import { isInstrumentationEnabled } from "../../instrumentation/enabled-instrumentations.ts";
import type { LibraryRow } from "../../instrumentation/loading/library-row.ts";
import { satisfies } from "../../instrumentation/loading/semver-range.ts";
import { libraryRows } from "../../instrumentation/table.ts";
import { upstreamRows } from "../../instrumentation/upstream/generated/rows.ts";
import type { App } from "./app.ts";
import { readBundle } from "./bundles.ts";
import { createFinding, type Finding } from "./finding.ts";
import { findCopies, findPackage, type InstalledPackage, packageIn } from "./installed-packages.ts";
import type { ObservedRun } from "./observed-run.ts";

/** A library of the app that telltale has an instrumentation of. */
export interface LibraryReport extends InstalledPackage {
  readonly supported: string;
  readonly instrumentation: string;
  readonly state: LibraryState;
  /** Spans that the run has recorded with its instrumentation; undefined without a run. */
  readonly spans: number | undefined;
}

export type LibraryState =
  | "supported"
  | "version out of range"
  | "instrumentation off"
  | "patched"
  | "not loaded"
  | "bundled"
  | "loaded before telltale"
  | "not patched";

export interface LibrariesCheck {
  readonly libraries: readonly LibraryReport[];
  readonly findings: readonly Finding[];
}

const rowsByPackage: ReadonlyMap<string, readonly LibraryRow[]> = Map.groupBy(
  [...libraryRows, ...upstreamRows].filter((row) => !row.package.startsWith("node:")),
  (row) => row.package,
);

/**
 * Finds the libraries that the app declares or has loaded, and what keeps them from being
 * instrumented.
 *
 * @param run undefined if no command was run.
 * @param script the file of the app, as far as it is known.
 */
export function checkLibraries(
  app: App,
  run: ObservedRun | undefined,
  script: string | undefined,
): LibrariesCheck {
  const bundled = bundledPackages(app, run, script);
  const libraries = installedLibraries(app, run).map((installed) =>
    reportOf(installed, app, run, bundled),
  );
  return {
    libraries,
    findings: [
      ...libraries.flatMap((library) => findingOf(library, app, run, bundled)),
      ...undeclaredBundles(libraries, app, bundled),
      ...copyFindings(libraries),
      ...apiFindings(app, run),
    ],
  };
}

/** Those that package.json declares, and those that were loaded. Others only came along. */
function installedLibraries({ manifest }: App, run: ObservedRun | undefined): InstalledPackage[] {
  const declared = manifest.dependencies.map((name) => findPackage(name, manifest.folder));
  const loaded = (run?.packages ?? []).map(packageIn);
  const found = [...declared, ...loaded].filter((one) => one !== undefined);
  const known = found.filter(({ name }) => rowsByPackage.has(name));
  return [...new Map(known.map((one) => [one.directory, one])).values()].toSorted((left, right) =>
    left.name.localeCompare(right.name),
  );
}

function reportOf(
  installed: InstalledPackage,
  app: App,
  run: ObservedRun | undefined,
  bundled: ReadonlyMap<string, string>,
): LibraryReport {
  const rows = rowsByPackage.get(installed.name) ?? [];
  const [first] = rows;
  const instrumentation = first?.instrumentation ?? installed.name;
  return {
    ...installed,
    supported: [...new Set(rows.map(({ versions }) => versions))].join(" || "),
    instrumentation,
    state: stateOf(installed, rows, app, run, bundled),
    spans: run === undefined ? undefined : spansOf(instrumentation, run),
  };
}

function stateOf(
  installed: InstalledPackage,
  rows: readonly LibraryRow[],
  { config }: App,
  run: ObservedRun | undefined,
  bundled: ReadonlyMap<string, string>,
): LibraryState {
  const { name, version, directory } = installed;
  const isEnabled = rows.some(({ instrumentation }) =>
    isInstrumentationEnabled(instrumentation, config.instrumentations),
  );
  if (!isEnabled) return "instrumentation off";
  const isInRange = rows.some(({ versions }) => satisfies(version, versions));
  if (!isInRange && !isInstrumentedBelow(installed, rows)) return "version out of range";
  const isLoaded = run?.packages.includes(directory) === true;
  if (bundled.has(name) && !isLoaded) return "bundled";
  if (run === undefined) return "supported";
  if (run.earlyPackages.has(name)) return "loaded before telltale";
  if (!isLoaded) return "not loaded";
  return isPatched(installed, rows, run) ? "patched" : "not patched";
}

/** Libraries whose newer versions need no instrumentation, since what they run on has one. */
const DRIVERS: Readonly<Record<string, string>> = { mongoose: "mongodb" };

/** Whether the part that is instrumented is another package, as in Express 5 and redis 4. */
function isInstrumentedBelow(
  { name, dependencies }: InstalledPackage,
  rows: readonly LibraryRow[],
): boolean {
  const names = new Set(rows.map(({ instrumentation }) => instrumentation));
  return dependencies.some(
    (dependency) =>
      DRIVERS[name] === dependency ||
      rowsByPackage.get(dependency)?.some(({ instrumentation }) => names.has(instrumentation)),
  );
}

function isPatched(
  { name, version, dependencies }: InstalledPackage,
  rows: readonly LibraryRow[],
  { patched }: ObservedRun,
): boolean {
  const names = new Set(rows.map(({ instrumentation }) => instrumentation));
  return patched.some(
    ({ instrumentation, file }) =>
      (file.package === name && file.version === version) ||
      (dependencies.includes(file.package) &&
        (names.has(instrumentation) || DRIVERS[name] === file.package)),
  );
}

/** Scopes are those of telltale, of OpenTelemetry's package, or the name of the library. */
function spansOf(instrumentation: string, { spans }: ObservedRun): number {
  const names = [
    instrumentation,
    `telltale/${instrumentation}`,
    `@opentelemetry/instrumentation-${instrumentation}`,
  ];
  return names.reduce((sum, name) => sum + (spans.get(name) ?? 0), 0);
}

function findingOf(
  { name: library, version, supported: range, state, instrumentation }: LibraryReport,
  app: App,
  run: ObservedRun | undefined,
  bundled: ReadonlyMap<string, string>,
): Finding[] {
  switch (state) {
    case "version out of range":
      return [createFinding("library-version", { library, version, range })];
    case "instrumentation off":
      return isNamedByUser(instrumentation, app)
        ? []
        : [createFinding("library-disabled", { library, instrumentation })];
    case "bundled":
      return [createFinding("library-bundled", { library, file: fileOf(library, app, bundled) })];
    case "not patched":
      return run === undefined ? [] : failureOf(library, run);
    default:
      return [];
  }
}

/** What is switched off by its name is off on purpose. */
function isNamedByUser(instrumentation: string, { config }: App): boolean {
  return config.instrumentations.disabled.includes(instrumentation);
}

/** A library of which only other files were loaded than those that are patched is no failure. */
function failureOf(library: string, { messages }: ObservedRun): Finding[] {
  const failed = messages.filter(
    ({ key, text }) => key.startsWith("instrumentation.failed:") && text.includes(library),
  );
  return failed.map(({ text }) => createFinding("library-failed", { text }));
}

function fileOf(library: string, { folder }: App, bundled: ReadonlyMap<string, string>): string {
  const file = bundled.get(library) ?? "";
  return relative(folder, file) || file;
}

/**
 * Returns the libraries that are in files of the app instead of being loaded from
 * `node_modules`, with the file. In a minified bundle nothing has a name: what package.json
 * declares and the run has not loaded is then in it.
 */
function bundledPackages(
  { manifest }: App,
  run: ObservedRun | undefined,
  script: string | undefined,
): Map<string, string> {
  const bundled = new Map<string, string>();
  const files = new Set([...(script === undefined ? [] : [script]), ...(run?.appFiles ?? [])]);
  const loaded = new Set((run?.packages ?? []).map((directory) => packageIn(directory)?.name));
  for (const file of files) {
    const { isBundle, packages } = readBundle(file);
    const named = [...packages].filter((name) => rowsByPackage.has(name) && !loaded.has(name));
    const hidden =
      isBundle && packages.size === 0 && run !== undefined
        ? manifest.dependencies.filter((name) => rowsByPackage.has(name) && !loaded.has(name))
        : [];
    for (const name of [...named, ...hidden]) bundled.set(name, file);
  }
  return bundled;
}

/** Bundled libraries that are not installed where the app runs. */
function undeclaredBundles(
  libraries: readonly LibraryReport[],
  app: App,
  bundled: ReadonlyMap<string, string>,
): Finding[] {
  const reported = new Set(libraries.map(({ name }) => name));
  return [...bundled.keys()]
    .filter((name) => !reported.has(name))
    .map((library) =>
      createFinding("library-bundled", { library, file: fileOf(library, app, bundled) }),
    );
}

function copyFindings(libraries: readonly LibraryReport[]): Finding[] {
  const loaded = libraries.filter(({ state }) => state === "patched" || state === "not patched");
  return [...Map.groupBy(loaded, ({ name }) => name)]
    .filter(([, copies]) => copies.length > 1)
    .map(([library, copies]) =>
      createFinding("library-copies", {
        library,
        count: copies.length,
        copies: copies.map(({ version, directory }) => `${version} in ${directory}`).join(", "),
      }),
    );
}

const API = "@opentelemetry/api";

/** With a run, only copies that it has loaded count. */
function apiFindings({ manifest }: App, run: ObservedRun | undefined): Finding[] {
  const copies =
    run === undefined
      ? findCopies(API, manifest.folder)
      : run.packages.map(packageIn).filter((one) => one?.name === API);
  const found = copies.filter((one) => one !== undefined);
  if (found.length < 2) return [];
  return [
    createFinding("api-duplicate", {
      count: found.length,
      copies: found.map(({ version, directory }) => `${version} in ${directory}`).join(", "),
    }),
  ];
}

/** Whether telltale has an instrumentation of a package. */
export function isInstrumented(name: string): boolean {
  return rowsByPackage.has(name);
}
