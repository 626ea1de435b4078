import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { MAIN, ES_MAIN, type LibraryRow } from "../../src/instrumentation/loading/library-row.ts";
import { root } from "../build/paths.ts";
import { optInBuiltins, nativeEsModules } from "./choice.ts";

const require = createRequire(import.meta.url);
const SCOPE = "@opentelemetry/instrumentation-";
const BUNDLE = "@opentelemetry/auto-instrumentations-node";

/** A row of the table without the loader of its adaptor. */
export type UpstreamRow = Omit<LibraryRow, "load">;

/** One OpenTelemetry instrumentation, as its installed package describes it. */
export interface UpstreamInstrumentation {
  /** `aws-sdk` for `@opentelemetry/instrumentation-aws-sdk`. */
  readonly name: string;
  /** Class that the package exports. */
  readonly className: string;
  readonly rows: readonly UpstreamRow[];
}

/** Lists the instrumentations of the pinned `auto-instrumentations-node`, by name. */
export function upstreamInstrumentations(): UpstreamInstrumentation[] {
  const path = join(root, "node_modules", BUNDLE, "package.json");
  const { dependencies } = JSON.parse(readFileSync(path, "utf8")) as {
    dependencies: Record<string, string>;
  };
  return Object.keys(dependencies)
    .filter((name) => name.startsWith(SCOPE))
    .map((name) => name.slice(SCOPE.length))
    .toSorted()
    .map(instrumentationOf);
}

interface FileDefinition {
  readonly name: string;
  readonly supportedVersions: readonly string[];
}

interface ModuleDefinition extends FileDefinition {
  readonly patch?: unknown;
  readonly files: readonly FileDefinition[];
}

type Constructor = new (config: { enabled: false }) => {
  getModuleDefinitions(): readonly ModuleDefinition[];
};

function instrumentationOf(name: string): UpstreamInstrumentation {
  const exported = require(SCOPE + name) as Record<string, Constructor>;
  const [className, constructor] =
    Object.entries(exported).find(([key]) => key.endsWith("Instrumentation")) ?? [];
  if (className === undefined || constructor === undefined) {
    throw new Error(`${SCOPE}${name} exports no instrumentation`);
  }
  const definitions = new constructor({ enabled: false }).getModuleDefinitions();
  return { name, className, rows: rowsOf(name, definitions) };
}

/** Builds one row for each package. Upstream itself checks in which versions it patches a file. */
function rowsOf(instrumentation: string, definitions: readonly ModuleDefinition[]): UpstreamRow[] {
  const packages = [...new Set(definitions.map(({ name }) => name))];
  return packages.map((name) => {
    const own = definitions.filter((definition) => definition.name === name);
    const parts = own.flatMap((definition) => partsOf(definition));
    const isBuiltin = optInBuiltins.includes(instrumentation);
    return {
      package: isBuiltin ? `node:${name}` : name,
      files: isBuiltin ? [] : distinct(parts.map(({ file }) => file)),
      versions: distinct(parts.flatMap(({ versions }) => versions)).join(" || "),
      instrumentation,
    };
  });
}

function partsOf(definition: ModuleDefinition): { file: string; versions: readonly string[] }[] {
  const { name, patch, supportedVersions, files } = definition;
  const mains = nativeEsModules.includes(name) ? [MAIN, ES_MAIN] : [MAIN];
  const whole = typeof patch === "function" ? mains : [];
  return [
    ...whole.map((file) => ({ file, versions: supportedVersions })),
    ...files.map((file) => ({
      file: file.name.slice(name.length + 1).replaceAll("\\", "/"),
      versions: file.supportedVersions,
    })),
  ];
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
