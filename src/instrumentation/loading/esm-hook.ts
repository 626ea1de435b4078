import { readFileSync } from "node:fs";
import {
  type LoadFnOutput,
  type LoadHookContext,
  type LoadHookSync,
  registerHooks,
} from "node:module";
import { fileURLToPath } from "node:url";

/** Selects ES modules by absolute path and transforms them. No function may throw. */
export interface EsmHookDeps {
  readonly isWanted: (path: string) => boolean;
  readonly transform: (source: string, path: string) => string;
  /** Called when a built-in module (`node:dns`) is requested, before it is returned. */
  readonly beforeBuiltin: (url: string) => void;
}

/**
 * Transforms the source of each wanted ES module, imported or required. Other
 * files are unchanged and load some microseconds slower. Stack traces contain no
 * frame of the hook, because it has returned when the file is evaluated.
 */
export function installEsmHook({ isWanted, transform, beforeBuiltin }: EsmHookDeps): void {
  const load: LoadHookSync = hooksBreakCommonJs() ? loadCommonJsUnhooked : loadNext;
  registerHooks({
    load(url, context, nextLoad) {
      const result = load(url, context, nextLoad);
      if (url.startsWith("node:")) beforeBuiltin(url);
      if (result.format !== "module" || !url.startsWith("file:")) return result;
      const path = fileURLToPath(url);
      if (!isWanted(path)) return result;
      return { ...result, source: transform(sourceText(result.source), path) };
    },
  });
}

type Source = LoadFnOutput["source"];

const loadNext: LoadHookSync = (url, context, nextLoad) => nextLoad(url, context);

function sourceText(source: Source): string {
  return typeof source === "string" ? source : new TextDecoder().decode(source ?? undefined);
}

/** First minor and patch version of each major in which hooks leave CommonJS to its own loader. */
const FIXED_SINCE: Readonly<Record<string, readonly [minor: number, patch: number]>> = {
  22: [22, 3],
  24: [11, 1],
  25: [1, 0],
};

/**
 * Whether a registered `load` hook makes this Node evaluate imported CommonJS in
 * its ES module loader. That loader provides another `require`, whose modules no
 * hook sees and which cannot load ES modules.
 *
 * Versions: `supportsSyncHooks` of import-in-the-middle 3.6.
 */
function hooksBreakCommonJs(): boolean {
  const [major = 0, minor = 0, patch = 0] = process.versions.node.split(".").map(Number);
  if (major > 25) return false;
  const fixedSince = FIXED_SINCE[major];
  if (fixedSince === undefined) return true;
  return minor < fixedSince[0] || (minor === fixedSince[0] && patch < fixedSince[1]);
}

/**
 * Loads CommonJS as if no hook were registered. Node's ES module loader has two
 * formats for it: `commonjs` with a source evaluates the module there;
 * `commonjs-sync` reads only the export names from the source and leaves the rest
 * to the CommonJS loader, as both formats do without a hook
 * (`internal/modules/esm/translators`).
 */
const loadCommonJsUnhooked: LoadHookSync = (url, context, nextLoad) => {
  if (!isImport(context) || !url.startsWith("file:")) return nextLoad(url, context);
  const result = nextOrReadFile(url, context, nextLoad);
  if (result.format !== "commonjs" || isChanged(url, result.source)) return result;
  return { ...result, format: "commonjs-sync", shortCircuit: true };
};

/**
 * Whether the request is an `import`: a `require` has no such condition, and on
 * 22.15 the conditions are not an array.
 */
function isImport({ conditions }: LoadHookContext): boolean {
  return Array.isArray(conditions) && conditions.includes("import");
}

/**
 * Reads the file itself where hooks of `module.register` (tsx) return no source
 * for unchanged CommonJS, which makes such a Node throw.
 */
function nextOrReadFile(...[url, context, nextLoad]: Parameters<LoadHookSync>): LoadFnOutput {
  try {
    return nextLoad(url, context);
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (code !== "ERR_INVALID_RETURN_PROPERTY_VALUE") throw error;
    return { format: "commonjs", source: readFileSync(fileURLToPath(url)) };
  }
}

/** Whether another hook returned a source that differs from the file. */
function isChanged(url: string, source: Source): boolean {
  if (!ArrayBuffer.isView(source)) return true;
  return !readFileSync(fileURLToPath(url)).equals(source as Uint8Array);
}
