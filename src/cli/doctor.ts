import { nodeFlags, readEnvironment } from "../env.ts";
import { reportWrongUse } from "./command-output.ts";
import { examine } from "./doctor/examination.ts";
import { isProblem } from "./doctor/finding.ts";
import { parseDoctorOptions } from "./doctor/options.ts";
import { jsonReport, renderReport } from "./doctor/report.ts";

const HELP = `telltale doctor [options]
telltale doctor [options] -- COMMAND ...

  Finds out why telemetry is missing: variables, endpoints, certificates, ports,
  versions of libraries, other agents. Sends a span, a metric, a log record and a
  Sentry event, marked as a test (telltale.doctor), to where the app would.

  With a command it also runs the app with the preload, and lists what was loaded,
  patched and recorded. The app has the input and output of doctor, and is ended
  by SIGTERM some seconds after it listens.

  --request PATH   requests this path of the app once it listens; once for each
  --seconds N      how long the app runs after it listens; default: 3
  --limit N        how long a command runs that does not listen; default: 60
  --offline        sends nothing
  --json           prints one JSON object; the app's stdout goes to stderr
  --help

  Exit codes: 0 nothing found, 1 found something, 2 wrong use.
`;

const FOUND = 1;

/** Runs `telltale doctor`. Returns the exit code. */
export async function doctor(args: readonly string[]): Promise<number> {
  // A reader of the output may end first (`| head`).
  process.stdout.on("error", () => {});
  const options = parseDoctorOptions(args);
  if (options.showsHelp) {
    process.stdout.write(HELP);
    return 0;
  }
  if (options.problems.length > 0) return reportWrongUse(options.problems, options.asJson);
  const place = { folder: process.cwd(), environment: readEnvironment(), flags: nodeFlags() };
  try {
    const examination = await examine(options, place);
    const { findings } = examination;
    const status = findings.some(isProblem) ? "found" : "done";
    process.stdout.write(
      options.asJson
        ? `${JSON.stringify({ status, ...jsonReport(examination) })}\n`
        : renderReport(examination, process.stdout),
    );
    return status === "found" ? FOUND : 0;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return reportWrongUse([`the command can't be started: ${code ?? message}`], options.asJson);
  }
}
