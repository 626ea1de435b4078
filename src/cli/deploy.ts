import { escapeControlCharacters } from "../diagnostics/escape-control-characters.ts";
import { readEnvironment } from "../env.ts";
import { version } from "../version.ts";
import { ApiClient } from "./deploy/api-client.ts";
import { type Deployment, type StepName, stepsOf } from "./deploy/deployment.ts";
import { PROMETHEUS_METRIC as METRIC } from "./deploy/deployment-metric.ts";
import { type DeployOptions, type ParsedOptions, parseOptions } from "./deploy/options.ts";
import { recordsOf, type TargetName } from "./deploy/records.ts";
import type { SentryTarget } from "./deploy/sentry-options.ts";
import { type CompletedStep, type FailedStep, recordDeployment } from "./deploy/sentry.ts";

const HELP = `telltale deploy [options]

  Records that a release was deployed, in each of these that is set: a release
  and a deploy in Sentry, an annotation in Grafana, a metric, and a message to
  Slack or another webhook. Release, environment, service and commit are those
  that the preload detects in the working directory, unless they are options.
  Tokens are variables or in files, since options are visible to other users of
  the host.

  --release NAME          default: the detected release
  --environment NAME      default: the detected environment
  --service NAME          default: the detected name of the service
  --name TEXT             a short name of the deploy
  --url URL               where the deploy is described, or can be used
  --started DATE          2026-11-30T07:00:00Z, or seconds since 1970
  --finished DATE         default: now
  --commit ID             default: the detected commit

  Sentry, with the auth token in SENTRY_AUTH_TOKEN
  --finalize              also marks the release as released
  --repository NAME       the repository of the commit in Sentry: acme/shop
  --previous-commit ID    the commit of the release before
  --org NAME              default: that of the token, or SENTRY_ORG
  --project NAME          once for each project; default: SENTRY_PROJECT
                          SENTRY_URL is the address of a self-hosted Sentry

  Grafana
  --grafana-url URL       default: GRAFANA_URL
  --grafana-token-file FILE
                          default: the token in GRAFANA_TOKEN

  A metric, ${METRIC}
  --textfile FOLDER       that of the textfile collector of node_exporter
                          OTEL_EXPORTER_OTLP_ENDPOINT, and the other variables
                          of OTLP: sends it there

  A message
  --alert-url URL         default: TELLTALE_ALERT_URL

  --timeout SECONDS       of all requests with their retries; default: 60
  --dry-run               prints the requests, and sends nothing
  --json                  prints one JSON object
  --help

  Exit codes: 0 recorded, 1 not recorded everywhere, 2 wrong use.
`;

const WRONG_USE = 2;
const FAILED = 1;

/** Runs `telltale deploy`. Returns the exit code. */
export async function deploy(args: readonly string[]): Promise<number> {
  const sources = { environment: readEnvironment(), folder: process.cwd(), now: new Date() };
  const parsed = parseOptions({ args, ...sources });
  if (parsed.flags.has("help")) {
    process.stdout.write(HELP);
    return 0;
  }
  const output = new DeployOutput(parsed);
  for (const note of parsed.notes) output.message(note);
  if (parsed.options === undefined) {
    for (const problem of parsed.problems) output.message(problem);
    output.json({ status: "wrong use", problems: parsed.problems });
    return WRONG_USE;
  }
  if (parsed.flags.has("dry-run")) {
    printRequests(parsed.options, output);
    return 0;
  }
  return record(parsed.options, output);
}

/** Prints to stdout and stderr, and nothing that contains the token. */
class DeployOutput {
  readonly #parsed: ParsedOptions;

  constructor(parsed: ParsedOptions) {
    this.#parsed = parsed;
    // A reader of the output may end first (`| head`).
    process.stdout.on("error", () => {});
  }

  /** Masks a text. */
  get mask(): ParsedOptions["mask"] {
    return this.#parsed.mask;
  }

  /** Prints one line to stderr. */
  message(line: string): void {
    process.stderr.write(`telltale: ${escapeControlCharacters(this.mask(line))}\n`);
  }

  /** Prints one line to stdout, except with `--json`. */
  line(line: string): void {
    if (!this.#parsed.flags.has("json"))
      process.stdout.write(`${escapeControlCharacters(this.mask(line))}\n`);
  }

  /** Prints the result with `--json`. */
  json(result: Readonly<Record<string, unknown>>): void {
    if (this.#parsed.flags.has("json"))
      process.stdout.write(`${this.mask(JSON.stringify(result))}\n`);
  }
}

function printRequests({ deployment, targets }: DeployOptions, output: DeployOutput): void {
  const { sentry } = targets;
  const steps = sentry === undefined ? [] : stepsOf(sentry.deployment);
  const requests = [
    ...steps.map(({ name, request: { method, path, body } }) => ({
      step: name,
      method,
      url: `${sentry?.url}/api/0/${path}`,
      body,
    })),
    ...recordsOf(deployment, targets).map(({ target, request }) => ({ step: target, ...request })),
  ];
  for (const { method, url, body } of requests) {
    output.line(`${method} ${url}`);
    const text = typeof body === "string" ? body.trimEnd() : JSON.stringify(body);
    for (const line of text.split("\n")) output.line(`  ${line}`);
  }
  output.json({ status: "dry run", ...summaryOf(deployment, sentry), requests });
}

async function record(options: DeployOptions, output: DeployOutput): Promise<number> {
  const { deployment, targets, timeoutMs } = options;
  const records = recordsOf(deployment, targets);
  const [sentryResult, ...reasons] = await Promise.all([
    targets.sentry && recordInSentry(targets.sentry, timeoutMs, output),
    ...records.map((one) => one.run(timeoutMs)),
  ]);
  const results = records.map(({ target, done }, at) => {
    const reason = reasons[at];
    if (reason === undefined) output.line(done);
    else output.message(`${failedTargets[target]}: ${reason}`);
    return { target, status: reason === undefined ? "recorded" : "failed", reason };
  });
  const isFailed =
    sentryResult?.failure !== undefined || reasons.some((reason) => reason !== undefined);
  output.json({
    status: isFailed ? "failed" : "recorded",
    ...summaryOf(deployment, targets.sentry),
    ...sentryResult,
    targets: results,
  });
  return isFailed ? FAILED : 0;
}

const failedTargets: Readonly<Record<TargetName, string>> = {
  grafana: "no annotation is created",
  metric: "the metric is not sent",
  textfile: "the metric is not written",
  alert: "the message is not sent",
};

/** What Sentry has recorded. */
interface SentryResult {
  readonly link: string;
  readonly steps: readonly CompletedStep[];
  readonly failure: FailedStep | undefined;
}

async function recordInSentry(
  { deployment, token, url }: SentryTarget,
  timeoutMs: number,
  output: DeployOutput,
): Promise<SentryResult> {
  const client = new ApiClient({
    url,
    token: token.text,
    mask: output.mask,
    userAgent: `telltale/${version}`,
    timeoutMs,
    onRetry: (line) => output.message(line),
  });
  const { completed, failure } = await recordDeployment(client, deployment, (step) =>
    output.line(describeStep(step, deployment)),
  );
  const link = `${url}/organizations/${deployment.organization}/releases/${encodeURIComponent(deployment.release)}/`;
  if (failure === undefined) output.line(link);
  else output.message(describeFailure(failure, deployment));
  return { link, steps: completed, failure };
}

function summaryOf(
  { service, release, environment }: Deployment,
  sentry: SentryTarget | undefined,
): Readonly<Record<string, unknown>> {
  const recorded = sentry && {
    organization: sentry.deployment.organization,
    projects: sentry.deployment.projects,
  };
  return { ...recorded, service, release, environment };
}

/** Sentry's status for a release that exists. */
const ALREADY_REPORTED = 208;

function describeStep(
  { step, status, id }: CompletedStep,
  { release, environment }: Deployment,
): string {
  switch (step) {
    case "release":
      return status === ALREADY_REPORTED
        ? `Release ${release} exists`
        : `Release ${release} is created`;
    case "finalize":
      return `Release ${release} is finalized`;
    case "deploy":
      return `Deploy to ${environment} is recorded${id === undefined ? "" : ` (${id})`}`;
  }
}

const failedSteps: Readonly<Record<StepName, string>> = {
  release: "the release is not created and no deploy recorded",
  finalize: "the release is not finalized and no deploy recorded",
  deploy: "no deploy is recorded",
};

function describeFailure(
  { step, reason, isUncertain }: FailedStep,
  { release }: Deployment,
): string {
  return isUncertain
    ? `the deploy of ${release} may not be recorded: ${reason}; look in Sentry before you repeat it`
    : `${failedSteps[step]}: ${reason}`;
}
