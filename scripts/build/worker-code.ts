import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { root } from "./paths.ts";

const WORKER_MODULE = "src/export/exit/exit-worker.ts";

/** Embeds the bundled exit worker as text, in place of its function's source at run time. */
export function workerCodePlugin(): Plugin {
  return {
    name: "worker-code",
    setup({ onLoad }) {
      onLoad({ filter: /src[\\/]export[\\/]exit[\\/]exit-worker-code\.ts$/ }, async () => {
        const code = await bundleWorker();
        return {
          contents: `export const exitWorkerCode = ${JSON.stringify(code)};`,
          watchFiles: [join(root, WORKER_MODULE)],
        };
      });
    },
  };
}

/** Returns a script for a worker with `eval: true`, which has `require`. */
async function bundleWorker(): Promise<string> {
  const result = await build({
    stdin: {
      contents: `import { runExitWorker } from "./${WORKER_MODULE}"; runExitWorker(require, require("node:worker_threads"));`,
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
