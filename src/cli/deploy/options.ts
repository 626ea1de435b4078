import { parseEnvironment, parseRelease } from "../../config/sentry-names.ts";
import type { ReportIssue, ValueIssue } from "../../config/issue.ts";
import type { Environment } from "../../env.ts";
import { type OptionKinds, parseArguments } from "../arguments.ts";
import { DATE_EXPECTED, parseDate } from "../option-values/date-option.ts";
import { createMask, type Mask } from "./auth-token.ts";
import type { Deployment } from "./deployment.ts";
import { type Detected, detectDeployment } from "./detection.ts";
import { OptionReader } from "./option-reader.ts";
import {
  isSentryMeant,
  parsePlainUrl,
  readCommitId,
  readSentryTarget,
  type SentryTarget,
  sentryVariables,
  textOf,
} from "./sentry-options.ts";
import { grafanaToken, type OtherTargets, readOtherTargets } from "./target-options.ts";

/** The options of `telltale deploy`. */
const optionKinds = {
  release: "text",
  environment: "text",
  service: "text",
  name: "text",
  url: "text",
  started: "text",
  finished: "text",
  finalize: "flag",
  commit: "text",
  repository: "text",
  "previous-commit": "text",
  org: "text",
  project: "texts",
  "grafana-url": "text",
  "grafana-token-file": "text",
  textfile: "text",
  "alert-url": "text",
  timeout: "text",
  "dry-run": "flag",
  json: "flag",
  help: "flag",
} as const satisfies OptionKinds;

/** Where a deployment is recorded. At least one of them is set. */
export interface Targets extends OtherTargets {
  readonly sentry: SentryTarget | undefined;
}

export interface DeployOptions {
  readonly deployment: Deployment;
  readonly targets: Targets;
  /** Time limit of all requests with their retries, in milliseconds. */
  readonly timeoutMs: number;
}

export interface ParsedOptions {
  /** Undefined if there are problems. */
  readonly options: DeployOptions | undefined;
  /** All that is wrong, one line each. */
  readonly problems: readonly string[];
  /** Values that are used in another form, or not at all, one line each. */
  readonly notes: readonly string[];
  readonly flags: ReadonlySet<string>;
  readonly mask: Mask;
}

/** What the options are read from. */
export interface OptionSources {
  readonly args: readonly string[];
  readonly environment: Environment;
  /** The working directory: release and commit are detected there. */
  readonly folder: string;
  readonly now: Date;
}

/**
 * Parses the options and variables of `telltale deploy`, and detects what they leave
 * out. Texts that it returns for messages contain no secret. Never throws.
 */
export function parseOptions({ args, environment, folder, now }: OptionSources): ParsedOptions {
  const parsed = parseArguments(args, optionKinds);
  const tokenOfGrafana = grafanaToken(parsed.texts.get("grafana-token-file")?.at(-1), environment);
  const mask = createMask(environment.get(sentryVariables.token), tokenOfGrafana);
  const reader = new OptionReader(parsed, environment, mask);
  const detected = detectDeployment(environment, folder);
  reader.notes.push(...detected.notes.map(mask));
  const deployment = readDeployment(reader, detected, now);
  const sentryFlags = {
    finalize: parsed.flags.has("finalize"),
    isCommitNamed: parsed.texts.has("commit"),
  };
  const targets = {
    sentry: isSentryMeant(parsed, reader)
      ? readSentryTarget(reader, deployment, sentryFlags)
      : undefined,
    ...readOtherTargets(reader, {
      environment,
      detected,
      tokenOfGrafana,
      service: deployment.service,
    }),
  };
  checkTargets(reader, targets);
  const options = { deployment, targets, timeoutMs: readTimeout(reader) };
  const { problems, notes } = reader;
  // Whatever is missing is among the problems.
  const complete = problems.length === 0 ? (options as DeployOptions) : undefined;
  return { options: complete, problems, notes, flags: parsed.flags, mask };
}

function readDeployment(reader: OptionReader, detected: Detected, now: Date): Partial<Deployment> {
  const release = readRelease(reader, detected.release);
  const environment = readEnvironmentName(reader, detected.environment);
  const service = reader.read(reader.setting("service"), SERVICE_EXPECTED, (text) =>
    SERVICE.test(text) ? text : undefined,
  );
  return {
    service: service ?? detected.service,
    namespace: service === undefined ? detected.namespace : undefined,
    version: reader.has("release") ? versionIn(release) : (detected.version ?? release),
    release,
    environment,
    ...readDeploy(reader, now),
    commit: readCommitId(reader, "commit") ?? detected.commit,
  } as Partial<Deployment>;
}

/** Returns the version in the name of a release, such as `shop@1.2.3`, or the name. */
function versionIn(release: string | undefined): string | undefined {
  return release?.slice(release.lastIndexOf("@") + 1);
}

/** Reports that there is no target. What is wrong may be the reason, and is reported already. */
function checkTargets(
  reader: OptionReader,
  targets: Readonly<Record<keyof Targets, unknown>>,
): void {
  const isAsked = TARGET_OPTIONS.some((option) => reader.has(option));
  const isNone = Object.values(targets).every((target) => target === undefined);
  if (isNone && !isAsked) reader.problems.push(NO_TARGET);
}

const TARGET_OPTIONS: readonly string[] = [
  "grafana-url",
  "grafana-token-file",
  "textfile",
  "alert-url",
];
const NO_TARGET =
  "there is nowhere to record the deployment: set SENTRY_AUTH_TOKEN (Sentry), GRAFANA_URL and GRAFANA_TOKEN (an annotation), OTEL_EXPORTER_OTLP_ENDPOINT or --textfile (a metric), or TELLTALE_ALERT_URL (a message)";
const SERVICE = /^[@A-Za-z\d][\w./@-]{0,99}$/;
const SERVICE_EXPECTED = "the name of a service, such as shop";

const DEFAULT_TIMEOUT_SECONDS = 60;
const MAX_TIMEOUT_SECONDS = 3600;

/** Limits of Sentry's API. */
const MAX_NAME_LENGTH = 64;
const MAX_URL_LENGTH = 200;

function readRelease(reader: OptionReader, detected: string | undefined): string | undefined {
  if (reader.has("release")) return readName(reader, "release", parseRelease);
  if (detected === undefined)
    reader.problems.push(
      "--release is missing, and none is detected from SENTRY_RELEASE, a variable of the CI system, package.json or .git",
    );
  return detected;
}

function readEnvironmentName(
  reader: OptionReader,
  detected: string | undefined,
): string | undefined {
  if (reader.has("environment")) return readName(reader, "environment", parseEnvironment);
  if (detected === undefined)
    reader.problems.push("--environment is missing: name it, or set SENTRY_ENVIRONMENT");
  return detected;
}

/** Reads a name in the form in which Sentry accepts it, that of the app's events. */
function readName(
  reader: OptionReader,
  option: "release" | "environment",
  parse: (text: string, report: ReportIssue) => string | undefined,
): string | undefined {
  const setting = reader.setting(option);
  if (setting === undefined) return undefined;
  const issues: ValueIssue[] = [];
  const parsed = parse(setting.text, (issue) => issues.push(issue));
  const expected = issues[0]?.expected ?? "";
  const name = reader.read(setting, expected, () => parsed);
  if (name !== undefined && name !== setting.text) reader.note(setting, expected, name);
  return name;
}

function readDeploy(
  reader: OptionReader,
  now: Date,
): Pick<Deployment, "name" | "url" | "started" | "finished"> {
  const readDate = (option: "started" | "finished"): Date | undefined =>
    reader.read(reader.setting(option), DATE_EXPECTED, parseDate);
  const started = readDate("started");
  const finished = readDate("finished") ?? now;
  if (started !== undefined && started > finished)
    reader.problems.push(
      `--started is ${started.toISOString()}, after the end (${finished.toISOString()})`,
    );
  return {
    name: reader.read(
      reader.setting("name"),
      `a text of at most ${MAX_NAME_LENGTH} characters`,
      textOf(MAX_NAME_LENGTH),
    ),
    url: reader.read(
      reader.setting("url"),
      `a URL of at most ${MAX_URL_LENGTH} characters, without user and password`,
      (text) => (text.length <= MAX_URL_LENGTH ? parsePlainUrl(text)?.href : undefined),
    ),
    started,
    finished,
  };
}

function readTimeout(reader: OptionReader): number {
  const expected = `seconds, more than 0 and at most ${MAX_TIMEOUT_SECONDS}`;
  const seconds = reader.read(reader.setting("timeout"), expected, (text) => {
    const number = /^\d{1,4}(?:\.\d{1,3})?$/.test(text) ? Number(text) : NaN;
    return number > 0 && number <= MAX_TIMEOUT_SECONDS ? number : undefined;
  });
  return (seconds ?? DEFAULT_TIMEOUT_SECONDS) * 1000;
}
