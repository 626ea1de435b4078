/**
 * Modules that the build replaces. Upstream's instrumentations hook into Node's
 * loaders through these two packages; in the bundle, this project's loader calls
 * them instead. Paths are relative to the repository.
 */
export const moduleAliases: Readonly<Record<string, string>> = {
  "require-in-the-middle": "./src/instrumentation/upstream/require-hook.ts",
  "import-in-the-middle": "./src/instrumentation/upstream/import-hook.ts",
  // Not a hook, but saves 20 ms of every start; the file explains why.
  http: "./src/builtin-http.ts",
  "node:http": "./src/builtin-http.ts",
};
