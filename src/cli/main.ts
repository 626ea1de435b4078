import { version } from "../version.ts";
import { demo } from "./demo.ts";

const HELP = `telltale ${version}

  telltale demo [--once] [-- COMMAND ...]
      Starts a receiver for traces, logs and Sentry events, and a service that
      is preloaded: the shop of this repository, or the command that follows.
      Then shows all that is known of a request that fails. Stays until Ctrl-C;
      --once ends after the first picture.

  telltale --version
  telltale --help

What it is all about needs no command: node --import telltale/register app.js
`;

/** @returns the exit code. */
async function run(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  switch (command) {
    case "demo":
      return demo(rest);
    case "--version":
      process.stdout.write(`${version}\n`);
      return 0;
    case "--help":
    case undefined:
      process.stdout.write(HELP);
      return 0;
    default:
      process.stderr.write(`telltale: unknown command "${command}"; telltale --help names all\n`);
      return 2;
  }
}

/** Options that `parseArgs` doesn't know. */
function isMisuse(error: unknown): boolean {
  return (
    error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS")
  );
}

void run(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`telltale: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = isMisuse(error) ? 2 : 1;
  },
);
