import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

/** A program that some tests need and that no npm package contains. */
export interface RequiredProgram {
  /** Its name, or the path of a file of a package without a program. */
  readonly program: string;
  readonly debianPackage: string;
}

/** The table of programs, which `.ci/run` installs. */
export function requiredPrograms(): RequiredProgram[] {
  const text = readFileSync(join(import.meta.dirname, "..", "debian-packages.txt"), "utf8");
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return lines.map((line) => {
    const [program = "", debianPackage = ""] = line.split(" ");
    return { program, debianPackage };
  });
}

/** Returns the path of `program` on this machine, or undefined. */
export function findInPath(program: string): string | undefined {
  if (isAbsolute(program)) return existsSync(program) ? program : undefined;
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

export function missingPrograms(): RequiredProgram[] {
  return requiredPrograms().filter(({ program }) => findInPath(program) === undefined);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
