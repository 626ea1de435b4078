import { escapeControlCharacters } from "../diagnostics/escape-control-characters.ts";
import { readEnvironment } from "../env.ts";
import { version } from "../version.ts";
import { ApiClient } from "./deploy/api-client.ts";
import { type Deployment, type StepName, stepsOf } from "./deploy/deployment.ts";
import { type DeployOptions, type ParsedOptions, parseOptions } from "./deploy/options.ts";
import { type CompletedStep, type FailedStep, recordDeployment } from "./deploy/sentry.ts";

const HELP = `telltale deploy [options]

  Creates a release in Sentry and records that it was deployed. Release,
  environment and commit are those that the preload detects in the working
  directory, unless they are options. The auth token is the variable
  SENTRY_AUTH_TOKEN, since options are visible to other users of the host.

  --release NAME          default: the detected release
  --environment NAME      default: the detected environment
  --name TEXT             a short name of the deploy
  --url URL               where the deploy is described, or can be used
  --started DATE          2026-11-30T07:00:00Z, or seconds since 1970
  --finished DATE         default: now
  --finalize              also marks the release as released
  --repository NAME       the repository of the commit in Sentry: acme/shop
  --commit ID             default: the detected commit
  --previous-commit ID    the commit of the release before
  --org NAME              default: that of the token, or SENTRY_ORG
  --project NAME          once for each project; default: SENTRY_PROJECT
  --timeout SECONDS       of all requests with their retries; default: 60
  --dry-run               prints the requests, and sends nothing
  --json                  prints one JSON object
  --help

  SENTRY_URL is the address of a self-hosted Sentry.
  Exit codes: 0 recorded, 1 failed, 2 wrong use.
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

function printRequests({ deployment, sentryUrl }: DeployOptions, output: DeployOutput): void {
  const requests = stepsOf(deployment).map(({ name, request: { method, path, body } }) => ({
    step: name,
    method,
    url: `${sentryUrl}/api/0/${path}`,
    body,
  }));
  for (const { method, url, body } of requests) {
    output.line(`${method} ${url}`);
    output.line(`  ${JSON.stringify(body)}`);
  }
  output.json({ status: "dry run", ...summaryOf(deployment), requests });
}

async function record(
  { deployment, token, sentryUrl, timeoutMs }: DeployOptions,
  output: DeployOutput,
): Promise<number> {
  const client = new ApiClient({
    url: sentryUrl,
    token: token.text,
    mask: output.mask,
    userAgent: `telltale/${version}`,
    timeoutMs,
    onRetry: (line) => output.message(line),
  });
  const { completed, failure } = await recordDeployment(client, deployment, (step) =>
    output.line(describeStep(step, deployment)),
  );
  const status = failure === undefined ? "recorded" : "failed";
  const link = `${sentryUrl}/organizations/${deployment.organization}/releases/${encodeURIComponent(deployment.release)}/`;
  output.json({ status, ...summaryOf(deployment), link, steps: completed, failure });
  if (failure !== undefined) {
    output.message(describeFailure(failure, deployment));
    return FAILED;
  }
  output.line(link);
  return 0;
}

function summaryOf({
  organization,
  projects,
  release,
  environment,
}: Deployment): Readonly<Record<string, unknown>> {
  return { organization, projects, release, environment };
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
