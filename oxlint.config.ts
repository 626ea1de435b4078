import { defineConfig } from "oxlint";

/**
 * The layers of `src/` and which others each may import (CONTRIBUTING.md has
 * the map). Every layer may also use the files directly in `src/`, except those
 * named below. Pipelines (traces, metrics, logs, errors) never import each
 * other; they meet in `start.ts` and in the unit of work of `context/`.
 */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  caches: ["context"],
  config: [],
  context: [],
  files: [],
  otlp: [],
  queries: [],
  replies: [],
  testing: ["context", "development", "otlp", "queries"],
  diagnostics: ["config"],
  resource: ["config", "diagnostics"],
  redaction: ["config"],
  export: ["config", "context", "diagnostics"],
  traces: ["config", "context", "diagnostics", "export", "redaction", "resource"],
  metrics: ["config", "context", "diagnostics", "export", "redaction", "resource"],
  logs: ["config", "context", "diagnostics", "export", "files", "redaction", "resource"],
  alerts: ["config", "context", "diagnostics", "export", "redaction"],
  errors: ["config", "context", "diagnostics", "export", "files", "redaction", "resource"],
  // What only the viewer receives of an app: loaded with `TELLTALE_VIEWER` only.
  development: [
    ...["config", "context", "diagnostics", "export", "profiling", "queries", "redaction"],
    "resource",
  ],
  // Profiles of V8: of requests for the viewer, and of apps in production.
  profiling: ["config", "context", "diagnostics", "export", "files", "resource"],
  http: ["config", "context", "development", "diagnostics", "errors", "metrics", "traces"],
  messaging: ["config", "context", "diagnostics", "errors", "metrics", "traces"],
  instrumentation: ["config", "context", "development", "diagnostics", "logs", "queries"],
  logger: ["config", "diagnostics", "logs", "redaction"],
  health: ["config", "context", "diagnostics"],
  // Its runs are jobs, which `start.ts` passes in.
  warming: ["context", "diagnostics", "logs"],
  admin: [
    "config",
    "context",
    "diagnostics",
    "health",
    "metrics",
    "profiling",
    "replies",
    "warming",
  ],
  viewer: ["config", "development", "files", "otlp", "profiling", "queries", "replies"],
  // Context that processes and threads receive from each other.
  processes: ["config", "context", "diagnostics", "traces"],
  // Applies the app's own parts to the pipelines.
  extension: [
    ...["config", "context", "diagnostics", "errors", "export", "files", "health", "http"],
    ...["instrumentation", "logs", "metrics", "redaction", "resource", "traces"],
  ],
  lifecycle: ["config", "diagnostics", "export"],
  // The SDK of OpenTelemetry in the place of the pipelines: loaded with `TELLTALE_PIPELINE=sdk` only.
  sdk: ["config", "context", "diagnostics", "export", "logs", "metrics", "redaction", "traces"],
  // Reads values of YAML files, and reports what is wrong with them as `config/` does.
  yaml: ["config"],
  // Its options are sections of a YAML file.
  ops: ["yaml"],
};

/** The layers that create and end units of work; all others get narrow views of them. */
const unitOwners: readonly string[] = ["context", "http", "messaging"];

const unitPatterns = [
  {
    regex: String.raw`/context/(unit-of-work|in-flight-requests)\.ts$`,
    message: "Use a view of the unit of work: context/unit-access.ts, context/unit-views.ts.",
  },
  {
    regex: String.raw`/context/(context|manager)\.ts$`,
    importNames: ["activeUnitOfWork", "unitOfWorkIn"],
    message: "Use a view of the unit of work: context/unit-access.ts.",
  },
];

const layers = [...Object.keys(mayImport), "cli"];

/** The modules that put the layers together; no layer knows them. */
const compositionRoots = ["start", "index", "health", "logger"];

/** How many folders a layer may nest. */
const MAX_DEPTH = 3;

/**
 * One rule for each depth, since a folder inside a layer may have the name of
 * another layer (`instrumentation/messaging`): only as many `../` as lead out of
 * the layer make a path to another one.
 */
function layerRules(layer: string, allowed: readonly string[]) {
  const closed = layers.filter((other) => other !== layer && !allowed.includes(other));
  const env = layer === "config" ? [] : ["env"];
  return Array.from({ length: MAX_DEPTH + 1 }, (_, depth) => {
    const out = String.raw`^(\.\./){${depth + 1}}`;
    return {
      files: [`src/${layer}/${"*/".repeat(depth)}*.ts`],
      rules: {
        "no-restricted-imports": [
          "error",
          {
            patterns: [
              {
                regex: `${out}(${closed.join("|")})/`,
                message: `${layer}/ may import: ${allowed.join(", ") || "no other layer"}.`,
              },
              ...(unitOwners.includes(layer) ? [] : unitPatterns),
              {
                regex: String.raw`${out}(${[...compositionRoots, ...env].join("|")})\.ts$`,
                message: `${layer}/ must not import the composition root or the environment.`,
              },
            ],
          },
        ],
      },
    } as const;
  });
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
    ...Object.entries(mayImport).flatMap(([layer, allowed]) => layerRules(layer, allowed)),
    {
      files: ["src/env.ts"],
      rules: {
        "no-restricted-imports": ["error", { patterns: [{ regex: ".", message: "Nothing." }] }],
      },
    },
    { files: ["src/**"], excludeFiles: ["src/env.ts"], rules: { "node/no-process-env": "error" } },
    {
      // Longer ones are disabled where they are, with the reason.
      files: ["src/**"],
      rules: { "eslint/max-lines-per-function": ["error", { max: 40 }] },
    },
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
      files: ["src/instrumentation/upstream/original-fallback.ts"],
      rules: { "eslint/no-unsafe-finally": "off" },
    },
    {
      // It runs in a browser. A component is a function whose length is that of its markup.
      files: ["src/viewer/page/**"],
      env: { browser: true, node: false },
      rules: {
        "eslint/max-lines-per-function": ["error", { max: 80 }],
        "no-restricted-imports": [
          "error",
          { patterns: [{ regex: "^node:", message: "The page runs in a browser." }] },
        ],
      },
    },
    { files: ["test/**"], rules: { "unicorn/consistent-function-scoping": "off" } },
    {
      // Their readers want one; so does Next of pages.
      files: ["oxlint.config.ts", "scripts/test/reporter.mjs", "test/libraries/next16/site/**"],
      rules: { "import/no-default-export": "off" },
    },
  ],
});
