import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { version } from "../../version.ts";
import { startedRecorder } from "../observation/start.ts";

/** What jest passes to a transformer. */
interface TransformOptions {
  readonly config: {
    readonly rootDir: string;
    readonly transform: readonly (readonly [pattern: string, path: string, config: unknown])[];
  };
  readonly configString: string;
  readonly instrument: boolean;
  readonly supportsStaticESM: boolean;
  readonly transformerConfig: unknown;
}

interface Transformed {
  readonly code: string;
  readonly map?: unknown;
}

interface Transformer {
  process(source: string, path: string, options: TransformOptions): Transformed;
}

/** The settings that `withTelltale` passes. */
interface Settings {
  /** `transformIgnorePatterns` of the app's configuration. */
  readonly ignored: readonly string[];
}

/** Creates the transformer of jest for files of instrumented libraries. */
export function createTransformer(settings: Settings): Transformer & {
  getCacheKey(source: string, path: string, options: TransformOptions): string;
} {
  return {
    process(source, path, options) {
      const transformed = transformAsBefore(source, path, options, settings);
      return { ...transformed, code: patched(transformed.code, path, options) };
    },
    getCacheKey(source, path, { configString, instrument, supportsStaticESM }) {
      const settled = { version, path, configString, instrument, supportsStaticESM };
      // Which files are patched depends on the environment too.
      const isPatched = patched("", path, { supportsStaticESM }) !== "";
      const key = JSON.stringify([settled, isPatched, source]);
      return createHash("sha256").update(key).digest("hex");
    },
  };
}

function patched(
  code: string,
  path: string,
  { supportsStaticESM }: Pick<TransformOptions, "supportsStaticESM">,
): string {
  const format = supportsStaticESM ? "module" : "commonjs";
  return startedRecorder().patches?.transform(code, path, format) ?? code;
}

/** Transforms the file by the app's own transformer, unless the app's configuration ignores it. */
function transformAsBefore(
  source: string,
  path: string,
  options: TransformOptions,
  { ignored }: Settings,
): Transformed {
  const { rootDir, transform } = options.config;
  if (ignored.some((one) => new RegExp(one.replace("<rootDir>", rootDir)).test(path)))
    return { code: source };
  // The first one is this transformer.
  const [, found] = transform.filter(([pattern]) => new RegExp(pattern).test(path));
  if (found === undefined) return { code: source };
  const [, file, transformerConfig] = found;
  return loadTransformer(file, transformerConfig).process(source, path, {
    ...options,
    transformerConfig,
  });
}

function loadTransformer(file: string, config: unknown): Transformer {
  const exports = createRequire(import.meta.url)(file) as { readonly default?: object };
  const transformer = (exports.default ?? exports) as Transformer & {
    createTransformer?: (config: unknown) => Transformer;
  };
  return transformer.createTransformer?.(config) ?? transformer;
}

const factory: { readonly createTransformer: typeof createTransformer } = { createTransformer };
// oxlint-disable-next-line import/no-default-export
export default factory;
