import { lazy } from "../lazy.ts";
import { version } from "../version.ts";
import { demo } from "./demo.ts";

const loadBench = lazy<typeof import("./bench/bench.ts")>("cli/bench/bench.ts");

/** In its own file, which shares the configuration and the connections with the preload. */
const loadDeploy = lazy<typeof import("./deploy.ts")>("cli/deploy.ts");

const loadDev = lazy<typeof import("./dev.ts")>("cli/dev.ts");

const loadDoctor = lazy<typeof import("./doctor.ts")>("cli/doctor.ts");

const loadCheck = lazy<typeof import("./check.ts")>("cli/check.ts");

const loadCheckUrl = lazy<typeof import("./check-url.ts")>("cli/check-url.ts");

const loadCompare = lazy<typeof import("./compare.ts")>("cli/compare.ts");

const loadConfig = lazy<typeof import("./config/config.ts")>("cli/config/config.ts");

const loadErrors = lazy<typeof import("./errors.ts")>("cli/errors.ts");

const loadExec = lazy<typeof import("./exec/exec.ts")>("cli/exec/exec.ts");

const loadHealth = lazy<typeof import("./health.ts")>("cli/health.ts");

const loadMcp = lazy<typeof import("./mcp.ts")>("cli/mcp.ts");

const loadN1 = lazy<typeof import("./n1.ts")>("cli/n1.ts");

const loadNotify = lazy<typeof import("./notify.ts")>("cli/notify.ts");

const loadOps = lazy<typeof import("./ops.ts")>("cli/ops.ts");

const loadProfile = lazy<typeof import("./profile/profile.ts")>("cli/profile/profile.ts");

const loadRedact = lazy<typeof import("./redact.ts")>("cli/redact.ts");

const loadReport = lazy<typeof import("./report.ts")>("cli/report.ts");

const loadRequest = lazy<typeof import("./request.ts")>("cli/request.ts");

const loadRequests = lazy<typeof import("./requests.ts")>("cli/requests.ts");

const loadSlo = lazy<typeof import("./slo.ts")>("cli/slo.ts");

const loadSlow = lazy<typeof import("./slow.ts")>("cli/slow.ts");

const loadWarm = lazy<typeof import("./warm/warm.ts")>("cli/warm/warm.ts");

const HELP = `telltale ${version}

  telltale demo [--once] [--viewer] [-- COMMAND ...]
      Starts a receiver of traces, logs and Sentry events, and a service with
      the preload: the demo shop of the repository, or COMMAND. Shows the trace,
      log lines, metrics and Sentry events of a failed request. Runs until
      Ctrl-C, or with --once until the first trace. With --viewer also starts
      the viewer of telltale dev.

  telltale dev [--port N] [-- COMMAND ...]
      Starts the viewer of requests, their queries, logs and errors, and runs
      COMMAND with the preload. See telltale dev --help.

  telltale requests | request ID | slow | errors | n1 | compare [BEFORE AFTER]
      Answers about the requests of telltale dev, in 10 kB at most: what failed,
      what is slow, which queries are repeated, what one request did, and what
      changed since the run before. See telltale errors --help and so on.

  telltale bench [TARGET ...] [--compare [BASELINE]] [-- COMMAND ...]
      Measures endpoints: durations, errors, queries, cache ratio; compares them
      with targets, and with the result of another commit. See telltale bench
      --help.

  telltale mcp [--skill]
      The same answers for agents, by the Model Context Protocol. See telltale
      mcp --help.

  telltale doctor [--json] [-- COMMAND ...]
      Finds out why telemetry is missing, and what to do. See telltale doctor
      --help.

  telltale config [--changed] [--to-yaml] [--json]
      Prints the effective configuration with the source of each value, or turns
      variables into a configuration file. See telltale config --help.

  telltale check --production [--json]
      Checks an app before it goes to production. See telltale check --help.

  telltale deploy [--release NAME] [--environment NAME] [--finalize] ...
      Records that a release was deployed: in Sentry, as an annotation in
      Grafana, as a metric, and as a message to Slack. See telltale deploy
      --help.

  telltale notify MESSAGE [--severity NAME] ...
      Sends an alert by e-mail, or to Slack or another webhook, whose address
      is in TELLTALE_ALERT_URL. See telltale notify --help.

  telltale check-url URL [--state FILE] ...
      Requests a URL, for cron, and sends an alert after several failures. See
      telltale check-url --help.

  telltale exec NAME [--tail LINES] [--timeout SECONDS] -- COMMAND ...
      Runs a command, of cron or CI for instance, and records it as a span with
      its exit code. See telltale exec --help.

  telltale health [--path PATH] [--url URL] ...
      Asks the admin server whether the app is healthy, for a container's
      HEALTHCHECK. See telltale health --help.

  telltale warm [NAME ...] [--param KEY=VALUE] ...
      Runs cache warmers of the running app. See telltale warm --help.

  telltale profile [cpu|heap] [--seconds N] [--output FILE] ...
      Records a CPU or heap profile of the running app. See telltale profile
      --help.

  telltale redact [--print] [--json] < FILE
      Shows what the policy of secrets would replace in log lines or any other
      text. See telltale redact --help.

  telltale ops [--config FILE] [--out DIR] [--check] [--explain NAME]
      Writes rules, alerts, dashboards, log pipelines, runbooks and more for
      Prometheus, Alertmanager, Grafana and Kubernetes. See telltale ops --help.

  telltale report daily|weekly --prometheus URL [--slack] [--mail-to TO] ...
      Writes a report of the last day or week, as Markdown or HTML, or sends it
      to Slack or by e-mail. See telltale report --help.

  telltale slo --objective PERCENT [--latency DURATION] [--out FILE] ...
      Writes rules for Prometheus: recorded ratios, the error budget left, and
      alerts if it is spent too fast. See telltale slo --help.

  telltale --version
  telltale --help

Instrument an app with: node --import telltale/register app.js
`;

type Command = (args: readonly string[]) => number | Promise<number>;

/** The commands; each resolves with its exit code. */
const commands: Readonly<Record<string, Command>> = {
  bench: (args) => loadBench().bench(args),
  check: (args) => loadCheck().check(args),
  "check-url": (args) => loadCheckUrl().checkUrl(args),
  compare: (args) => loadCompare().compare(args),
  config: (args) => loadConfig().config(args),
  demo: (args) => demo(args),
  deploy: (args) => loadDeploy().deploy(args),
  dev: (args) => loadDev().dev(args),
  doctor: (args) => loadDoctor().doctor(args),
  errors: (args) => loadErrors().errors(args),
  exec: (args) => loadExec().exec(args),
  health: (args) => loadHealth().health(args),
  mcp: (args) => loadMcp().mcp(args),
  n1: (args) => loadN1().n1(args),
  notify: (args) => loadNotify().notify(args),
  ops: (args) => loadOps().ops(args),
  profile: (args) => loadProfile().profile(args),
  redact: (args) => loadRedact().redact(args),
  report: (args) => loadReport().report(args),
  request: (args) => loadRequest().request(args),
  requests: (args) => loadRequests().requests(args),
  slo: (args) => loadSlo().slo(args),
  slow: (args) => loadSlow().slow(args),
  warm: (args) => loadWarm().warm(args),
};

/** @returns the exit code. */
async function run(args: readonly string[]): Promise<number> {
  const [name = "--help", ...rest] = args;
  if (name === "--help" || name === "--version") {
    process.stdout.write(name === "--help" ? HELP : `${version}\n`);
    return 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command !== undefined) return command(rest);
  process.stderr.write(`telltale: unknown command "${name}"; see telltale --help\n`);
  return 2;
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
