/**
 * Instrumentations of `@opentelemetry/auto-instrumentations-node` that are not
 * taken over as they are, by short name, and what does their work here. Those
 * that the hand-made table has (`src/instrumentation/table.ts`) need no line.
 */
export const replacedInstrumentations: Readonly<Record<string, string>> = {
  "aws-lambda":
    "its rows depend on the environment: src/instrumentation/frameworks/aws-lambda/adaptor.ts",
  http: "src/http traces servers and clients",
  undici: "src/http traces fetch and undici",
  graphql: "an adaptor of its own",
  knex: "the drivers beneath it are traced",
  mongoose: "the driver beneath it is traced",
  "socket.io": "an adaptor of its own",
  router: "a part of express",
  "runtime-node": "src/metrics/runtime",
  "host-metrics": "off by default upstream; the process's own are in src/metrics/runtime",
};

/**
 * Node's own modules. Upstream has `dns` and `net` on by default; each outgoing
 * request then brings two spans more that nobody asked for, so they are on only
 * where somebody asks, as is `fs` upstream too.
 */
export const optInBuiltins: readonly string[] = ["dns", "fs", "net"];

/**
 * Packages whose `import` gives native ES modules, which upstream's
 * instrumentation knows how to patch. Elsewhere `import` gives CommonJS, or a
 * thin wrapper around it.
 */
export const nativeEsModules: readonly string[] = ["openai"];

/** Databases whose statements and keys upstream writes down as they are. */
export const literalStatementDatabases: readonly string[] = [
  ...["cassandra-driver", "memcached", "mysql", "oracledb", "tedious"],
];

/** What is mended around an instrumentation, and by what. */
export const wrappedInstrumentations: Readonly<Record<string, { by: string; file: string }>> = {
  "aws-sdk": { by: "withCopiedInputs", file: "aws-sdk-inputs.ts" },
  dataloader: { by: "withAnyBatchResult", file: "dataloader-results.ts" },
  tedious: { by: "withBoundRequestCallbacks", file: "tedious-callbacks.ts" },
};

/**
 * Methods whose callbacks wait for a resource or an answer, and that upstream
 * leaves in the context of whoever gives the resource back.
 */
export const contextLosingMethods: Readonly<Record<string, readonly string[]>> = {
  "generic-pool": ["acquire"],
};

/** What the constructor is given beside the options, and where that comes from. */
export const constructorConfigs: Readonly<Record<string, { imports: string; config: string }>> = {
  // A span of the reading of the module that encodes spans would ask for that module.
  fs: {
    imports: 'import { isLoading } from "../../../lazy.ts";\n',
    config: "{ createHook: () => !isLoading(), ...options }",
  },
};

/** Packages of the generated table that the tests of libraries don't run, and why. */
export const untestedPackages: Readonly<Record<string, string>> = {
  "@cucumber/cucumber": "it runs tests itself",
  "cassandra-driver": "no server of Cassandra can be had",
  oracledb: "no server of Oracle can be had",
  tedious: "no SQL Server can be had",
};
