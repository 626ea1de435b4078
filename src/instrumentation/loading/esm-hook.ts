import { readFileSync } from "node:fs";
import {
  type LoadFnOutput,
  type LoadHookContext,
  type LoadHookSync,
  registerHooks,
} from "node:module";
import { fileURLToPath } from "node:url";

/** Which ES modules are changed, by their absolute paths, and how. No function may throw. */
export interface EsmHookDeps {
  readonly isWanted: (path: string) => boolean;
  readonly transform: (source: string, path: string) => string;
  /** Somebody asks for a module of Node's (`node:dns`), and hasn't got it yet. */
  readonly beforeBuiltin: (url: string) => void;
}

/**
 * From now on the source of each ES module that is wanted is changed before
 * Node reads it, be it imported or required. No other file is; each costs some
 * microseconds more, and no line in any stack trace, since a hook has returned
 * when its file is evaluated.
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

/** The first versions of each line whose hooks leave CommonJS to its own loader. */
const FIXED_SINCE: Readonly<Record<string, readonly [minor: number, patch: number]>> = {
  22: [22, 3],
  24: [11, 1],
  25: [1, 0],
};

/**
 * Where any `load` hook is registered, an older Node evaluates imported
 * CommonJS by its loader of ES modules, with another `require`: what that
 * requires nobody sees, and ES modules it can't require at all.
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
 * Node's loader of ES modules has two ways for CommonJS: `commonjs` with a
 * source evaluates it there; `commonjs-sync` takes the names of the exports
 * from the source, and leaves the rest to the loader of CommonJS, as both do
 * where there is no hook (`internal/modules/esm/translators`).
 */
const loadCommonJsUnhooked: LoadHookSync = (url, context, nextLoad) => {
  if (!isImport(context) || !url.startsWith("file:")) return nextLoad(url, context);
  const result = nextOrReadFile(url, context, nextLoad);
  if (result.format !== "commonjs" || isChanged(url, result.source)) return result;
  return { ...result, format: "commonjs-sync", shortCircuit: true };
};

/** `require` gives no `import` among its conditions, and on 22.15 no array of them. */
function isImport({ conditions }: LoadHookContext): boolean {
  return Array.isArray(conditions) && conditions.includes("import");
}

/**
 * Hooks of `module.register` (tsx) give no source for CommonJS that they leave
 * alone, and such a Node then complains of it.
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

/** Whether a hook of somebody else's has given another source than the file's. */
function isChanged(url: string, source: Source): boolean {
  if (!ArrayBuffer.isView(source)) return true;
  return !readFileSync(fileURLToPath(url)).equals(source as Uint8Array);
}
