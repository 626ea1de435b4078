import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { root } from "./places.ts";

const MODULE = "src/export/delivery-worker.ts";

/** Makes of the worker's module a text, instead of taking its function's when the process ends. */
export function workerCode(): Plugin {
  return {
    name: "worker-code",
    setup({ onLoad }) {
      onLoad({ filter: /src[\\/]export[\\/]delivery-code\.ts$/ }, async () => {
        const code = await bundled();
        return {
          contents: `export const deliveryCode = ${JSON.stringify(code)};`,
          watchFiles: [join(root, MODULE)],
        };
      });
    },
  };
}

/** A script for a worker that is given as text, which has `require`. */
async function bundled(): Promise<string> {
  const made = await build({
    stdin: {
      contents: `import { deliver } from "./${MODULE}"; deliver(require, require("node:worker_threads"));`,
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
  return made.outputFiles[0]?.text ?? "";
}
