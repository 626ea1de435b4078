import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { promisify } from "node:util";
import { root, scratch, staging } from "./places.ts";

const run = promisify(execFile);

/** What follows `from` or stands in `import(...)`. */
const SPECIFIER = /(\bfrom\s+|\bimport\s*\(?\s*)"([^"]+)"/g;

/**
 * Writes the declarations of the public door to `dist/types/`: those that
 * `index.d.ts` reaches, with `.js` where the source says `.ts` (tsc leaves it,
 * and a declaration must not name a source file). And once more for packages in
 * CommonJS, which must not import those of ES modules (`module: node16`).
 *
 * @returns one line for each package that a declaration needs, since none of
 *   ours is installed with us.
 * @throws with tsc's output when the types are wrong.
 */
export async function writeDeclarations(): Promise<string[]> {
  const made = join(scratch, "types");
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  try {
    await run(process.execPath, [tsc, "-p", "tsconfig.build.json", "--outDir", made], {
      cwd: root,
    });
  } catch (error) {
    throw new Error(String((error as { stdout?: unknown }).stdout ?? error), { cause: error });
  }
  const problems: string[] = [];
  for (const kind of [".js", ".cjs"] as const) {
    await publish("index.ts", { made, kind, done: new Set(), problems });
  }
  for (const name of ["register.d.ts", "register.d.cts"]) {
    await writeFile(join(staging, name), "export {};\n");
  }
  return problems;
}

const DECLARATIONS = { ".js": ".d.ts", ".cjs": ".d.cts" } as const;

interface Publication {
  /** Where tsc has written them. */
  readonly made: string;
  /** What they are the declarations of. */
  readonly kind: ".js" | ".cjs";
  readonly done: Set<string>;
  readonly problems: string[];
}

/** Copies the declaration of one source file and of all that it names. */
async function publish(source: string, publication: Publication): Promise<void> {
  const { made, kind, done, problems } = publication;
  if (done.has(source)) return;
  done.add(source);
  const name = source.replace(/\.ts$/, "");
  const text = await readFile(join(made, `${name}.d.ts`), "utf8");
  const target = join(staging, "types", name + DECLARATIONS[kind]);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(
    target,
    text.replaceAll(SPECIFIER, (_, before: string, path: string) =>
      path.startsWith(".") ? `${before}"${path.replace(/\.ts$/, kind)}"` : `${before}"${path}"`,
    ),
  );
  for (const [, , path = ""] of text.matchAll(SPECIFIER)) {
    if (path.startsWith(".")) {
      await publish(normalize(join(dirname(source), path)), publication);
    } else if (!path.startsWith("node:")) {
      problems.push(`types/${name} needs ${path}, which nobody gets with telltale`);
    }
  }
}
