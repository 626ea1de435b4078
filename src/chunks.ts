import { createRequire } from "node:module";

/**
 * What is loaded only when first needed (decision 2). Each row becomes a file
 * of its own in `dist/`, named after its key, and an entry point of the build;
 * in the source tree the same call loads the TypeScript file. Loading is
 * synchronous (`require` of an ES module, Node >= 22.12), because a module that
 * an app is just importing can't wait.
 */
export const chunks: Readonly<Record<keyof ChunkTypes, string>> = {
  "export-otlp": "./export/otlp.ts",
  "instrumentation-express": "./instrumentation/express.ts",
  "instrumentation-fastify": "./instrumentation/fastify.ts",
  "traces-console": "./traces/console.ts",
  "propagation-b3": "./traces/propagation/b3.ts",
  "propagation-jaeger": "./traces/propagation/jaeger.ts",
  "propagation-sentry": "./traces/propagation/sentry.ts",
  "propagation-xray": "./traces/propagation/xray.ts",
};

export interface ChunkTypes {
  "export-otlp": typeof import("./export/otlp.ts");
  "instrumentation-express": typeof import("./instrumentation/express.ts");
  "instrumentation-fastify": typeof import("./instrumentation/fastify.ts");
  "traces-console": typeof import("./traces/console.ts");
  "propagation-b3": typeof import("./traces/propagation/b3.ts");
  "propagation-jaeger": typeof import("./traces/propagation/jaeger.ts");
  "propagation-sentry": typeof import("./traces/propagation/sentry.ts");
  "propagation-xray": typeof import("./traces/propagation/xray.ts");
}

export type ChunkName = keyof ChunkTypes;

const require = createRequire(import.meta.url);
const inSource = import.meta.url.endsWith(".ts");

export function loadChunk<Name extends keyof ChunkTypes>(name: Name): ChunkTypes[Name] {
  return require(inSource ? chunks[name] : `./${name}.js`) as ChunkTypes[Name];
}
