import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { promisify } from "node:util";
import { root, scratch, staging } from "./paths.ts";

const execFileAsync = promisify(execFile);

/** The extension of a source file or of a declaration file. */
const TYPESCRIPT = /(?:\.d)?\.ts$/;

/** The specifier after `from` or in `import(...)`. */
const SPECIFIER = /(\bfrom\s+|\bimport\s*\(?\s*)"([^"]+)"/g;

/**
 * Writes the declarations of the public API to `dist/types/`: those that
 * `index.d.ts` reaches, with `.js` in place of `.ts` (tsc keeps `.ts`, and a
 * declaration must not name a source file). A second set is for CommonJS packages,
 * which must not import declarations of ES modules (`module: node16`).
 *
 * @returns one line for each package that a declaration needs: none is
 *   installed with telltale.
 * @throws with tsc's output when the types are wrong.
 */
export async function writeDeclarations(): Promise<string[]> {
  const emittedDir = join(scratch, "types");
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  try {
    await execFileAsync(
      process.execPath,
      [tsc, "-p", "tsconfig.build.json", "--outDir", emittedDir],
      {
        cwd: root,
      },
    );
  } catch (error) {
    throw new Error(String((error as { stdout?: unknown }).stdout ?? error), { cause: error });
  }
  const problems: string[] = [];
  for (const kind of [".js", ".cjs"] as const) {
    const publication = { emittedDir, kind, published: new Set<string>(), problems };
    for (const entry of entries) await publishDeclaration(entry, publication);
  }
  for (const name of ["register.d.ts", "register.d.cts"]) {
    await writeFile(join(staging, name), "export {};\n");
  }
  return problems;
}

/** Packages that an app installs itself for the entries that need them. */
const peers: ReadonlySet<string> = new Set(["winston"]);

const entries = [
  ...["index.ts", "health.ts", "logger.ts"],
  ...["testing/observe.ts", "testing/jest/config.ts"],
];

const DECLARATIONS = { ".js": ".d.ts", ".cjs": ".d.cts" } as const;

interface Publication {
  /** The folder that tsc wrote to. */
  readonly emittedDir: string;
  /** The extension of the modules that the declarations describe. */
  readonly kind: ".js" | ".cjs";
  readonly published: Set<string>;
  readonly problems: string[];
}

/** Copies the declaration of one source file and of those that it imports. */
async function publishDeclaration(source: string, publication: Publication): Promise<void> {
  const { emittedDir, kind, published, problems } = publication;
  if (published.has(source)) return;
  published.add(source);
  const isDeclaration = source.endsWith(".d.ts");
  const name = source.replace(TYPESCRIPT, "");
  // tsc emits none for a declaration file.
  const folder = isDeclaration ? join(root, "src") : emittedDir;
  const text = await readFile(join(folder, `${name}.d.ts`), "utf8");
  const target = join(staging, "types", name + DECLARATIONS[kind]);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(
    target,
    text.replaceAll(SPECIFIER, (_, before: string, path: string) =>
      path.startsWith(".") ? `${before}"${path.replace(TYPESCRIPT, kind)}"` : `${before}"${path}"`,
    ),
  );
  for (const [, , path = ""] of text.matchAll(SPECIFIER)) {
    if (path.startsWith(".")) {
      await publishDeclaration(normalize(join(dirname(source), path)), publication);
    } else if (!path.startsWith("node:") && !peers.has(path)) {
      problems.push(`types/${name} needs ${path}, which is not installed with telltale`);
    }
  }
}
