import { parseHttpUrl } from "../../config/link-urls.ts";
import { parseEnvironment, parseRelease } from "../../config/sentry-names.ts";
import type { ReportIssue, ValueIssue } from "../../config/issue.ts";
import type { Environment } from "../../env.ts";
import { trimEndOf } from "../../text.ts";
import { type OptionKinds, parseArguments } from "../arguments.ts";
import { type AuthToken, createMask, type Mask, parseAuthToken } from "./auth-token.ts";
import type { Deployment } from "./deployment.ts";
import { detectDeployment } from "./detection.ts";
import { OptionReader, type Parse } from "./option-reader.ts";

/** The options of `telltale deploy`. */
const optionKinds = {
  release: "text",
  environment: "text",
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
  timeout: "text",
  "dry-run": "flag",
  json: "flag",
  help: "flag",
} as const satisfies OptionKinds;

/** The variables that only `telltale deploy` reads, with the names of sentry-cli. */
export const deployVariables = {
  token: "SENTRY_AUTH_TOKEN",
  organization: "SENTRY_ORG",
  project: "SENTRY_PROJECT",
  url: "SENTRY_URL",
} as const;

export interface DeployOptions {
  readonly deployment: Deployment;
  readonly token: AuthToken;
  /** Address of Sentry, without a slash at the end. */
  readonly sentryUrl: string;
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
  const mask = createMask(environment.get(deployVariables.token));
  const reader = new OptionReader(parsed, environment, mask);
  const detected = detectDeployment(environment, folder);
  reader.notes.push(...detected.notes.map(mask));
  const token = readToken(reader);
  const options = {
    token,
    sentryUrl: readSentryUrl(reader, token),
    timeoutMs: readTimeout(reader),
    deployment: {
      organization: readOrganization(reader, token),
      projects: readProjects(reader),
      release: readRelease(reader, detected.release),
      environment: readEnvironmentName(reader, detected.environment),
      ...readDeploy(reader, now),
      finalize: parsed.flags.has("finalize"),
      ...readCommit(reader, detected.commit),
    },
  };
  const { problems, notes } = reader;
  // Whatever is missing is among the problems.
  const complete = problems.length === 0 ? (options as DeployOptions) : undefined;
  return { options: complete, problems, notes, flags: parsed.flags, mask };
}

const DEFAULT_SENTRY_URL = "https://sentry.io";
const DEFAULT_TIMEOUT_SECONDS = 60;
const MAX_TIMEOUT_SECONDS = 3600;

/** Limits of Sentry's API. */
const MAX_NAME_LENGTH = 64;
const MAX_URL_LENGTH = 200;
const MAX_REPOSITORY_LENGTH = 200;

const SLUG = /^[\w-]{1,100}$/;
const COMMIT = /^[\da-f]{7,64}$/i;
/** The form of `date --iso-8601=seconds`. */
const ISO_DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)$/i;
/** The form of `date +%s`. */
const EPOCH_SECONDS = /^\d{1,11}(?:\.\d{1,9})?$/;

function readToken(reader: OptionReader): AuthToken | undefined {
  const setting = reader.variable(deployVariables.token);
  if (setting === undefined) {
    reader.problems.push(
      `${deployVariables.token} is not set: create a token in Sentry's settings`,
    );
    return undefined;
  }
  const token = parseAuthToken(setting.text);
  const expected = "a token without spaces, quotes and Bearer";
  if (token === undefined)
    reader.problems.push(`${deployVariables.token}: received ***, expected ${expected}`);
  return token;
}

/** The address and the organization in a token take precedence, as in sentry-cli. */
function readSentryUrl(reader: OptionReader, token: AuthToken | undefined): string {
  const setting = reader.variable(deployVariables.url);
  const ofToken = token?.url === undefined ? undefined : parseBaseUrl(token.url);
  if (ofToken === undefined) {
    const expected = `a URL such as ${DEFAULT_SENTRY_URL}, without user, password and query`;
    return reader.read(setting, expected, parseBaseUrl) ?? DEFAULT_SENTRY_URL;
  }
  if (setting !== undefined && parseBaseUrl(setting.text) !== ofToken)
    reader.note(setting, "the address in the token", ofToken);
  return ofToken;
}

function readOrganization(reader: OptionReader, token: AuthToken | undefined): string | undefined {
  const setting = reader.setting("org", deployVariables.organization);
  const ofToken = token?.organization;
  if (ofToken !== undefined) {
    if (setting !== undefined && setting.text !== ofToken)
      reader.note(setting, "the organization in the token", ofToken);
    return ofToken;
  }
  if (setting === undefined)
    reader.problems.push(`--org is missing: name it, or set ${deployVariables.organization}`);
  return reader.read(setting, "the organization's name in URLs, such as acme", parseSlug);
}

function readProjects(reader: OptionReader): readonly string[] {
  const settings = reader.settings("project", deployVariables.project);
  if (settings.length === 0)
    reader.problems.push(`--project is missing: name it, or set ${deployVariables.project}`);
  const expected = "the project's name in URLs, such as shop";
  const slugs = settings.flatMap(({ name, text }) =>
    text.split(",").map((part) => reader.read({ name, text: part.trim() }, expected, parseSlug)),
  );
  return [...new Set(slugs.filter((slug) => slug !== undefined))];
}

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
    reader.read(
      reader.setting(option),
      "a date like 2026-11-30T07:00:00Z, or seconds since 1970",
      parseDate,
    );
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

function readCommit(
  reader: OptionReader,
  detected: string | undefined,
): Pick<Deployment, "commit" | "isCommitNamed" | "repository" | "previousCommit"> {
  const readId = (option: string): string | undefined =>
    reader.read(reader.setting(option), "7 to 64 hexadecimal digits", (text) =>
      COMMIT.test(text) ? text : undefined,
    );
  const named = readId("commit");
  const commit = named ?? detected;
  if (reader.has("repository") && commit === undefined && !reader.has("commit"))
    reader.problems.push("--repository needs --commit, since none is detected");
  if (reader.has("previous-commit") && !reader.has("repository"))
    reader.problems.push("--previous-commit needs --repository");
  return {
    commit,
    isCommitNamed: named !== undefined,
    repository: reader.read(
      reader.setting("repository"),
      "the repository's name in Sentry, such as acme/shop",
      textOf(MAX_REPOSITORY_LENGTH),
    ),
    previousCommit: readId("previous-commit"),
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

function parseSlug(text: string): string | undefined {
  return SLUG.test(text) ? text : undefined;
}

function textOf(maxLength: number): Parse<string> {
  return (text) => {
    const isText = text.trim() !== "" && text.length <= maxLength && !/\p{Cc}/u.test(text);
    return isText ? text.trim() : undefined;
  };
}

function parseDate(text: string): Date | undefined {
  const ms = EPOCH_SECONDS.test(text) ? Number(text) * 1000 : NaN;
  const date = new Date(ISO_DATE.test(text) ? text : ms);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** Parses an address. Returns it without a slash at the end. */
function parseBaseUrl(text: string): string | undefined {
  const url = parsePlainUrl(text);
  if (url === undefined || url.search !== "" || url.hash !== "") return undefined;
  return trimEndOf(url.href, "/");
}

function parsePlainUrl(text: string): URL | undefined {
  const url = parseHttpUrl(text);
  return url?.username === "" && url.password === "" ? url : undefined;
}
