import { statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import type { LambdaConfig } from "../../../config/config.ts";
import { lazy } from "../../../lazy.ts";
import type { LibraryFile } from "../../loading/libraries.ts";
import type { LibraryRow } from "../../loading/library-row.ts";

const loadLambda = lazy<typeof import("./adaptor.ts")>(
  "instrumentation/frameworks/aws-lambda/adaptor.ts",
);

/** Extensions in the order in which AWS's runtime and upstream's instrumentation try them. */
const EXTENSIONS = [".js", ".mjs", ".cjs"];

/**
 * Describes the file of the function's handler as the file of a library:
 * `dist/orders.create` is the export `create` of `dist/orders.mjs`. Undefined if
 * there is none.
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
    // Most handlers are constants: `export const handler = …`.
    assignableExports: [exported],
    load: loadLambda,
    instrumentation: name,
  };
  const directory = dirname(path);
  return { package: name, version: "", file, isMain: true, directory, rows: [row], path };
}

interface Located {
  /** Absolute path. */
  readonly path: string;
}
