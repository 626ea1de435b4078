import { version } from "../version.ts";
import { demo } from "./demo.ts";

const HELP = `telltale ${version}

  telltale demo [--once] [-- COMMAND ...]
      Starts a receiver for traces, logs and Sentry events and shows the trace
      of a failing request: of the shop of this repository, or of your own
      service, if a command follows. --once ends after the first picture.

  telltale --version
  telltale --help

Without the command line: node --import telltale/register app.js
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

void run(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`telltale: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
