import { statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import type { LambdaConfig } from "../../../config/config.ts";
import { lazy } from "../../../lazy.ts";
import type { LibraryFile } from "../../loading/libraries.ts";
import type { LibraryRow } from "../../loading/library-row.ts";

const loadLambda = lazy<typeof import("./adaptor.ts")>(
  "instrumentation/frameworks/aws-lambda/adaptor.ts",
);

/** In which order both AWS's runtime and upstream's instrumentation look. */
const EXTENSIONS = [".js", ".mjs", ".cjs"];

/**
 * The file of the function's handler as one of a library: `dist/orders.create`
 * is what `dist/orders.mjs` exports as `create`. Undefined if there is none.
 */
export function findHandlerFile({
  taskRoot,
  handler,
}: LambdaConfig): (LibraryFile & Located) | undefined {
  const [module = "", exported = ""] = basename(handler).split(".", 2);
  const base = resolve(taskRoot, dirname(handler), module);
  const path = EXTENSIONS.map((extension) => base + extension).find(
    (candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile() === true,
  );
  if (path === undefined) return undefined;
  const name = "aws-lambda";
  const file = basename(path);
  const row: LibraryRow = {
    package: name,
    files: [file],
    versions: "*",
    // `export const handler = …` is what most write.
    assignableExports: [exported],
    load: loadLambda,
    instrumentation: name,
  };
  const directory = dirname(path);
  return { package: name, version: "", file, isMain: true, directory, rows: [row], path };
}

interface Located {
  /** Absolute. */
  readonly path: string;
}
