import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Plugin } from "esbuild";
import { root } from "./paths.ts";

/**
 * Packages that `@opentelemetry/sdk-node` imports for what it reads from the environment,
 * and that no configuration of the preload uses: it always passes exporters of its own,
 * registers its own context and propagators, and uses its own pipelines for gRPC. They would add 420 kB to the package.
 */
const UNUSED =
  /^@opentelemetry\/(exporter-\w+-otlp-grpc|exporter-zipkin|propagator-b3|context-async-hooks)$/;

const SDK_NODE = /@opentelemetry[\\/]sdk-node[\\/]/;

/**
 * The modules of the start chunk that use one function of `@opentelemetry/core`. Through
 * its index, the chunk would also have all that any lazy module uses of the package.
 */
const WITH_CLEAN_ATTRIBUTES =
  /[\\/]src[\\/](traces[\\/]limited-attributes|metrics[\\/]attributes)\.ts$/;
const CLEAN_ATTRIBUTES = join(root, "node_modules/@opentelemetry/core/dist/common/attributes.mjs");

/** Modules of the SDK that start timers for retries and time limits. */
const WITH_TIMERS =
  /@opentelemetry[\\/](sdk-trace|sdk-logs|sdk-metrics|otlp-exporter-base)[\\/].*\.mjs$/;

/** Adapts the packages of the SDK, which `src/sdk/` uses, for a preload. */
export function sdkPackagesPlugin(): Plugin {
  return {
    name: "sdk-packages",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: UNUSED }, ({ importer, path }) =>
        SDK_NODE.test(importer) ? { path, namespace: "unused" } : undefined,
      );
      onResolve({ filter: /^@opentelemetry\/api$/ }, ({ importer }) =>
        SDK_NODE.test(importer) ? { path: join(root, "src/sdk/registration.ts") } : undefined,
      );
      onResolve({ filter: /^@opentelemetry\/core$/ }, ({ importer }) =>
        WITH_CLEAN_ATTRIBUTES.test(importer) ? { path: CLEAN_ATTRIBUTES } : undefined,
      );
      onLoad({ filter: /.*/, namespace: "unused" }, () => ({ contents: UNUSED_EXPORTS }));
      onLoad({ filter: WITH_TIMERS }, async ({ path }) => {
        const contents = await readFile(path, "utf8");
        if (!contents.includes("setTimeout(")) return undefined;
        // An import precedes the global, which `inject` would replace by a timer that is not unref'd.
        const timers = `import { setTimeout } from "${root}/src/sdk/unref-timers.ts";\n`;
        return { contents: timers + contents };
      });
    },
  };
}

const UNUSED_EXPORTS = [
  "OTLPTraceExporter",
  "OTLPLogExporter",
  "OTLPMetricExporter",
  "ZipkinExporter",
  "B3Propagator",
  "AsyncLocalStorageContextManager",
]
  .map((name) => `export class ${name} {}`)
  .concat("export const B3InjectEncoding = {};")
  .join("\n");
