import { lazy } from "../lazy.ts";
import { version } from "../version.ts";
import { demo } from "./demo.ts";

/** In its own file, which shares the configuration and the connections with the preload. */
const loadDeploy = lazy<typeof import("./deploy.ts")>("cli/deploy.ts");

const loadCheckUrl = lazy<typeof import("./check-url.ts")>("cli/check-url.ts");

const loadNotify = lazy<typeof import("./notify.ts")>("cli/notify.ts");

const loadRedact = lazy<typeof import("./redact.ts")>("cli/redact.ts");

const loadSlo = lazy<typeof import("./slo.ts")>("cli/slo.ts");

const HELP = `telltale ${version}

  telltale demo [--once] [-- COMMAND ...]
      Starts a receiver of traces, logs and Sentry events, and a service with
      the preload: the demo shop of the repository, or COMMAND. Shows the trace,
      log lines, metrics and Sentry events of a failed request. Runs until
      Ctrl-C, or with --once until the first trace.

  telltale deploy [--release NAME] [--environment NAME] [--finalize] ...
      Creates a release in Sentry and records that it was deployed, with the
      token in SENTRY_AUTH_TOKEN. See telltale deploy --help.

  telltale notify MESSAGE [--severity NAME] ...
      Sends an alert to Slack or another webhook, whose address is in
      TELLTALE_ALERT_URL. See telltale notify --help.

  telltale check-url URL [--state FILE] ...
      Requests a URL, for cron, and sends an alert after several failures. See
      telltale check-url --help.

  telltale redact [--print] [--json] < FILE
      Shows what the policy of secrets would replace in log lines or any other
      text. See telltale redact --help.

  telltale slo --objective PERCENT [--latency DURATION] [--out FILE] ...
      Writes rules for Prometheus: recorded ratios, the error budget left, and
      alerts if it is spent too fast. See telltale slo --help.

  telltale --version
  telltale --help

Instrument an app with: node --import telltale/register app.js
`;

/** @returns the exit code. */
async function run(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  switch (command) {
    case "demo":
      return demo(rest);
    case "deploy":
      return loadDeploy().deploy(rest);
    case "check-url":
      return loadCheckUrl().checkUrl(rest);
    case "notify":
      return loadNotify().notify(rest);
    case "redact":
      return loadRedact().redact(rest);
    case "slo":
      return loadSlo().slo(rest);
    case "--version":
      process.stdout.write(`${version}\n`);
      return 0;
    case "--help":
    case undefined:
      process.stdout.write(HELP);
      return 0;
    default:
      process.stderr.write(`telltale: unknown command "${command}"; see telltale --help\n`);
      return 2;
  }
}

/** Whether the error is that of an unknown option. */
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
