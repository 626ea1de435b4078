import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { UserError } from "../user-error.ts";

const run = promisify(execFile);

/** What is built with Go, for the messages of errors. */
export interface GoProduct {
  readonly name: string;
  /** The oldest version of Go 1 that compiles it. */
  readonly oldestMinor: number;
  /** A way without Go, as the end of a sentence. */
  readonly otherWay?: string;
}

/**
 * @returns the output of `go version`, e.g. "go1.26.8 linux/amd64".
 * @throws UserError when there is no Go, or one that is too old.
 */
export async function goVersion({ name, oldestMinor, otherWay }: GoProduct): Promise<string> {
  const version = await run("go", ["env", "GOVERSION", "GOOS", "GOARCH"]).then(
    ({ stdout }) => stdout.trim().split("\n").join(" "),
    () => undefined,
  );
  const without = otherWay === undefined ? "" : `, or go without: ${otherWay}`;
  const install = `install Go 1.${oldestMinor} or newer (https://go.dev/dl/)${without}`;
  if (version === undefined) {
    throw new UserError(`Go is missing, and ${name} is built with it: ${install}`);
  }
  const minor = /^go1\.(\d+)/.exec(version)?.[1];
  if (minor !== undefined && Number(minor) < oldestMinor) {
    throw new UserError(`${version} is too old for ${name}: ${install}`);
  }
  return version;
}
