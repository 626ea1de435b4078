import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { root } from "./paths.ts";

/** A function that runs in a worker, and the module that exports its source code. */
interface WorkerCode {
  readonly filter: RegExp;
  readonly exported: string;
  readonly module: string;
  readonly run: string;
}

const WORKERS: readonly WorkerCode[] = [
  {
    filter: /src[\\/]export[\\/]exit[\\/]exit-worker-code\.ts$/,
    exported: "exitWorkerCode",
    module: "src/export/exit/exit-worker.ts",
    run: "runExitWorker",
  },
  {
    filter: /src[\\/]development[\\/]stalls[\\/]stall-worker-code\.ts$/,
    exported: "stallWorkerCode",
    module: "src/development/stalls/stall-worker.ts",
    run: "runStallWorker",
  },
];

/** Embeds bundled workers as text, in place of their functions' source at run time. */
export function workerCodePlugin(): Plugin {
  return {
    name: "worker-code",
    setup({ onLoad }) {
      for (const worker of WORKERS) {
        onLoad({ filter: worker.filter }, async () => {
          const code = await bundleWorker(worker);
          return {
            contents: `export const ${worker.exported} = ${JSON.stringify(code)};`,
            watchFiles: [join(root, worker.module)],
          };
        });
      }
    },
  };
}

/** Returns a script for a worker with `eval: true`, which has `require`. */
async function bundleWorker({ module, run }: WorkerCode): Promise<string> {
  const result = await build({
    stdin: {
      contents: `import { ${run} } from "./${module}"; ${run}(require, require("node:worker_threads"));`,
      resolveDir: root,
    },
    absWorkingDir: root,
    bundle: true,
    write: false,
    platform: "node",
    format: "iife",
    target: "node22.15",
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
  });
  return result.outputFiles[0]?.text ?? "";
}
