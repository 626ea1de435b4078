import { type ModulePatches, RECORDER } from "../../development/test-recorder.ts";

interface ModulePatchesDeps {
  readonly isWanted: (path: string) => boolean;
  readonly exposeExports: (source: string, path: string) => string;
  readonly patch: (module: NodeJS.Module, path: string) => void;
}

/** Creates the patches for modules that another loader than Node's evaluates, of the same files. */
export function createModulePatches(deps: ModulePatchesDeps): ModulePatches {
  const { isWanted, exposeExports, patch } = deps;
  return {
    transform(source, path, format) {
      if (!isWanted(path)) return undefined;
      return format === "module" ? exposeExports(source, path) : source + AFTER_EVALUATION;
    },
    evaluated: patch,
  };
}

/** The last statement of a CommonJS module. All other lines and columns stay the same. */
const AFTER_EVALUATION =
  `\n; globalThis[globalThis.Symbol.for("${Symbol.keyFor(RECORDER)}")]` +
  `?.patches?.evaluated(module, __filename);\n`;
