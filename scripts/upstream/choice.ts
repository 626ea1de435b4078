/**
 * Instrumentations of `@opentelemetry/auto-instrumentations-node` that are not
 * generated, by short name, with their replacement. Those of
 * `src/instrumentation/table.ts` need no entry.
 */
export const replacedInstrumentations: Readonly<Record<string, string>> = {
  "aws-lambda":
    "has rows that depend on the environment: src/instrumentation/frameworks/aws-lambda/adaptor.ts",
  http: "src/http traces servers and clients",
  undici: "src/http traces fetch and undici",
  graphql: "src/instrumentation/rpc/graphql",
  knex: "its drivers are traced",
  mongoose: "its driver is traced",
  "socket.io": "src/instrumentation/realtime/socket-io",
  router: "src/instrumentation/frameworks/express",
  "runtime-node": "src/metrics/runtime",
  "host-metrics":
    "disabled by default upstream; src/metrics/runtime has the metrics of the process",
};

/**
 * Instrumentations of built-in modules that are disabled by default. Upstream
 * enables `dns` and `net`, which add two spans to each outgoing request.
 */
export const optInBuiltins: readonly string[] = ["dns", "fs", "net"];

/**
 * Packages whose `import` resolves to native ES modules that upstream's
 * instrumentation can patch. Other packages resolve to CommonJS or to a thin
 * wrapper around it.
 */
export const nativeEsModules: readonly string[] = ["openai"];

/** Databases whose statements and keys upstream records unchanged. */
export const literalStatementDatabases: readonly string[] = [
  ...["cassandra-driver", "memcached", "mysql", "oracledb", "tedious"],
];

/** Functions that work around a defect of an instrumentation, with their file. */
export const wrappedInstrumentations: Readonly<Record<string, { by: string; file: string }>> = {
  "aws-sdk": { by: "withCopiedInputs", file: "aws-sdk-inputs.ts" },
  dataloader: { by: "withAnyBatchResult", file: "dataloader-results.ts" },
  tedious: { by: "withBoundRequestCallbacks", file: "tedious-callbacks.ts" },
};

/**
 * Arguments of the constructor, and the imports that they need. By default, the
 * options of the environment.
 */
export const constructorConfigs: Readonly<Record<string, { imports: string; config: string }>> = {
  // A span for reading the module that encodes spans would need that module itself.
  fs: {
    imports: 'import { isLoading } from "../../../lazy.ts";\n',
    config: "{ createHook: () => !isLoading(), ...options }",
  },
};

/** Packages of the generated table that test/libraries does not run, with the reason. */
export const untestedPackages: Readonly<Record<string, string>> = {
  "@cucumber/cucumber": "it is a test runner",
  "cassandra-driver": "no Cassandra server is available as a package",
  oracledb: "no Oracle server is available as a package",
  tedious: "no SQL Server is available as a package",
};
