import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { UserError } from "./user-error.ts";

const run = promisify(execFile);

/** The oldest Go that the modules of `go.mod` compile with. */
const OLDEST_MINOR = 25;

const DOCKER_WAY = "`docker build -t telltale-collector collector` needs only Docker";

/**
 * @returns the output of `go version`, e.g. "go1.26.8 linux/amd64".
 * @throws UserError when there is no Go, or one that is too old.
 */
export async function goVersion(): Promise<string> {
  const version = await run("go", ["env", "GOVERSION", "GOOS", "GOARCH"]).then(
    ({ stdout }) => stdout.trim().split("\n").join(" "),
    () => undefined,
  );
  if (version === undefined) {
    throw new UserError(
      `Go is missing, and the Collector is built with it: install Go 1.${OLDEST_MINOR} or newer (https://go.dev/dl/), or go without: ${DOCKER_WAY}`,
    );
  }
  const minor = /^go1\.(\d+)/.exec(version)?.[1];
  if (minor !== undefined && Number(minor) < OLDEST_MINOR) {
    throw new UserError(
      `${version} is too old for the Collector: install Go 1.${OLDEST_MINOR} or newer (https://go.dev/dl/), or go without: ${DOCKER_WAY}`,
    );
  }
  return version;
}
