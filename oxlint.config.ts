import { defineConfig } from "oxlint";

/**
 * The rooms of `src/` and which others each may import (CONTRIBUTING.md has
 * the map). What every room may use is no room: `chunks.ts`, `local-name.ts`, `version.ts`.
 * Pipelines (traces, metrics, logs, errors) never see each other; they meet in
 * `start.ts` and in the holder of `context/`.
 */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  caches: [],
  config: [],
  context: [],
  receiver: [],
  diagnostics: ["config"],
  resource: ["config", "diagnostics"],
  export: ["config", "context", "diagnostics"],
  traces: ["config", "context", "diagnostics", "export", "resource"],
  metrics: ["config", "context", "diagnostics", "export", "resource"],
  logs: ["config", "context", "diagnostics", "export", "instrumentation", "resource"],
  errors: ["config", "context", "diagnostics", "export", "resource"],
  entry: ["admin", "config", "context", "diagnostics", "errors", "metrics", "traces"],
  instrumentation: ["config", "context", "diagnostics"],
  health: ["config", "diagnostics"],
  admin: ["config", "context", "diagnostics", "health", "metrics"],
  lifecycle: ["config", "diagnostics", "export"],
};

const rooms = [...Object.keys(mayImport), "cli"];

/** The modules that put the rooms together; no room knows them. */
const assemblers = ["start", "index"];

function roomRules(room: string, allowed: readonly string[]) {
  const closed = rooms.filter((other) => other !== room && !allowed.includes(other));
  const env = room === "config" ? [] : ["env"];
  return {
    files: [`src/${room}/**`],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              regex: `^(\\.\\./)+(${closed.join("|")})/`,
              message: `${room}/ may import: ${allowed.join(", ") || "no other room"}.`,
            },
            {
              regex: `^(\\.\\./)+(${[...assemblers, ...env].join("|")})\\.ts$`,
              message: `${room}/ must not know who puts the house together, nor the environment.`,
            },
          ],
        },
      ],
    },
  } as const;
}

/** Type-aware rules that only make sense where there are types. */
const unsafe = Object.fromEntries(
  ["assignment", "call", "member-access", "return", "argument"].map(
    (what) => [`typescript/no-unsafe-${what}`, "error"] as const,
  ),
);

export default defineConfig({
  plugins: ["eslint", "typescript", "unicorn", "oxc", "import", "node", "promise"],
  options: { typeAware: true, reportUnusedDisableDirectives: "error" },
  env: { node: true, es2024: true },
  categories: { correctness: "error", suspicious: "error" },
  ignorePatterns: ["dist", "coverage", "test/libraries/launchers/apps/*.ts"],
  rules: {
    ...unsafe,
    "import/no-cycle": ["error", { ignoreTypes: false }],
    "import/no-default-export": "error",
    "import/no-duplicates": "error",
    "eslint/eqeqeq": "error",
    "eslint/no-var": "error",
    "eslint/prefer-const": "error",
    "typescript/consistent-type-imports": ["error", { disallowTypeAnnotations: false }],
    "typescript/no-explicit-any": "error",
    "typescript/no-misused-promises": "error",
    "typescript/only-throw-error": "error",
    "typescript/return-await": "error",
    "typescript/switch-exhaustiveness-check": [
      "error",
      { considerDefaultExhaustiveForUnions: true },
    ],
    // tsc sees to it.
    "typescript/consistent-return": "off",
    // `unknown` is narrowed by a cast at the edges, once, in sight.
    "typescript/no-unsafe-type-assertion": "off",
    // Who patches Node and libraries takes methods off their objects, and Node's own have a `_`.
    "typescript/unbound-method": "off",
    "eslint/no-underscore-dangle": "off",
    // We implement all of `@opentelemetry/api`, what it deprecates included.
    "typescript/no-deprecated": "off",
    "typescript/no-redundant-type-constituents": "off",
    // Our numeric constants stand in for its enums, which would cost an import at start.
    "typescript/no-unsafe-enum-assignment": "off",
    "typescript/no-unsafe-enum-comparison": "off",
    // Said better by the types, or a matter of taste.
    "promise/always-return": "off",
    "eslint/no-shadow": "off",
    "unicorn/no-useless-spread": "off",
    // Express 5 and Fastify take them.
    "oxc/no-async-endpoint-handlers": "off",
  },
  overrides: [
    ...Object.entries(mayImport).map(([room, allowed]) => roomRules(room, allowed)),
    {
      files: ["src/env.ts"],
      rules: {
        "no-restricted-imports": ["error", { patterns: [{ regex: ".", message: "Nothing." }] }],
      },
    },
    { files: ["src/**"], excludeFiles: ["src/env.ts"], rules: { "node/no-process-env": "error" } },
    {
      files: ["**/*.{js,jsx,mjs,cjs}"],
      rules: Object.fromEntries(Object.keys(unsafe).map((rule) => [rule, "off"] as const)),
    },
    {
      // Apps as people write them; an unhandled rejection is theirs.
      files: [
        "examples/**",
        "bench/apps/**",
        "test/**/{apps,fixtures}/**",
        "test/**/*.{js,mjs,cjs}",
      ],
      rules: {
        "typescript/no-floating-promises": "off",
        "typescript/no-misused-promises": "off",
      },
    },
    {
      // It leaves an error of ours behind without catching those of the library.
      files: ["src/instrumentation/or-original.ts"],
      rules: { "eslint/no-unsafe-finally": "off" },
    },
    { files: ["test/**"], rules: { "unicorn/consistent-function-scoping": "off" } },
    {
      // Their readers want one; so does Next of pages.
      files: ["oxlint.config.ts", "scripts/test/reporter.mjs", "test/libraries/next16/site/**"],
      rules: { "import/no-default-export": "off" },
    },
  ],
});
