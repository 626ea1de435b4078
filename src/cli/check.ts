import { nodeFlags, readEnvironment } from "../env.ts";
import { parseArguments } from "./arguments.ts";
import { checkProduction } from "./check/production-check.ts";
import { checkRepository } from "./check/repository-check.ts";
import { reportWrongUse } from "./command-output.ts";
import { checkAgents } from "./doctor/agents.ts";
import { type App, readApp } from "./doctor/app.ts";
import { checkStart, entryScript } from "./doctor/entry-script.ts";
import { checkEnvironment } from "./doctor/environment-check.ts";
import { type Finding, isProblem, sortFindings } from "./doctor/finding.ts";
import { renderFindings } from "./doctor/report.ts";

const HELP = `telltale check --production [--json]

  Checks an app before it goes to production, in its folder and with the
  environment that it will have: sampling, personal data and redaction, names,
  exposed ports, plain connections, variables for development, health checks and
  probes, alert rules. Nothing is sent; telltale doctor tests the connections.

  --production  the checklist for production
  --json        prints one JSON object
  --help

  Exit codes: 0 nothing found, 1 found something, 2 wrong use.
`;

const FOUND = 1;

/** Runs `telltale check`. Returns the exit code. */
export async function check(args: readonly string[]): Promise<number> {
  // A reader of the output may end first (`| head`).
  process.stdout.on("error", () => {});
  const parsed = parseArguments(args, { production: "flag", json: "flag", help: "flag" });
  const { flags } = parsed;
  if (flags.has("help")) {
    process.stdout.write(HELP);
    return 0;
  }
  const problems = [...parsed.problems];
  if (problems.length === 0 && !flags.has("production"))
    problems.push("there is no checklist: telltale check --production");
  if (problems.length > 0) return reportWrongUse(problems, flags.has("json"));
  const findings = await findingsOf(readApp(process.cwd(), readEnvironment(), nodeFlags()));
  const status = findings.some(isProblem) ? "found" : "done";
  const text = flags.has("json")
    ? `${JSON.stringify({ status, findings })}\n`
    : `${renderFindings(findings, process.stdout)}\n`;
  process.stdout.write(text);
  return status === "found" ? FOUND : 0;
}

/** Doctor's findings about names are in the checklist, too, in stricter words. */
const COVERED: ReadonlySet<string> = new Set(["service-unnamed", "release-unset"]);

async function findingsOf(app: App): Promise<readonly Finding<string>[]> {
  const doctor = [...checkEnvironment(app), ...checkStart(app, entryScript(app))];
  return sortFindings<string>([
    ...doctor.filter(({ id }) => !COVERED.has(id)),
    ...checkAgents(app, undefined),
    ...checkProduction(app),
    ...(await checkRepository(app)),
  ]);
}
