/**
 * For the build: upstream's instrumentations hook Node's loaders through these
 * two packages; in our bundle they get modules of ours, which our loader feeds.
 * Paths are relative to the repository.
 */
export const moduleAliases: Readonly<Record<string, string>> = {
  "require-in-the-middle": "./src/instrumentation/upstream/require-hook.ts",
  "import-in-the-middle": "./src/instrumentation/upstream/import-hook.ts",
  // Not a hook, but 20 ms of every start: the reason is in the file.
  http: "./src/builtin-http.ts",
  "node:http": "./src/builtin-http.ts",
};
