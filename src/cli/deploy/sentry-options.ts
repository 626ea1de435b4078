import { parseHttpUrl } from "../../config/link-urls.ts";
import { trimEndOf } from "../../text.ts";
import type { CommandArguments } from "../arguments.ts";
import { type AuthToken, parseAuthToken } from "./auth-token.ts";
import type { Deployment, SentryDeployment } from "./deployment.ts";
import type { OptionReader, Parse } from "./option-reader.ts";

/** The variables of Sentry, with the names of sentry-cli. */
export const sentryVariables = {
  token: "SENTRY_AUTH_TOKEN",
  organization: "SENTRY_ORG",
  project: "SENTRY_PROJECT",
  url: "SENTRY_URL",
} as const;

/** Where and how Sentry records a deployment. */
export interface SentryTarget {
  readonly deployment: SentryDeployment;
  readonly token: AuthToken;
  /** Address of Sentry, without a slash at the end. */
  readonly url: string;
}

/** The options that are about Sentry alone. */
const SENTRY_OPTIONS: readonly string[] = [
  ...["finalize", "repository", "previous-commit", "org", "project"],
];

/** Whether the deployment is to be recorded in Sentry. */
export function isSentryMeant({ texts, flags }: CommandArguments, reader: OptionReader): boolean {
  const hasOption = SENTRY_OPTIONS.some((option) => texts.has(option) || flags.has(option));
  return hasOption || reader.variable(sentryVariables.token) !== undefined;
}

/** Reads the options and variables of Sentry. What is missing is among the problems. */
export function readSentryTarget(
  reader: OptionReader,
  deployment: Partial<Deployment>,
  { finalize, isCommitNamed }: Pick<SentryDeployment, "finalize" | "isCommitNamed">,
): Partial<SentryTarget> {
  const token = readToken(reader);
  const url = readSentryUrl(reader, token);
  const recorded = {
    ...deployment,
    organization: readOrganization(reader, token),
    projects: readProjects(reader),
    finalize,
    isCommitNamed,
    ...readRepository(reader, deployment.commit),
  };
  // Whatever is missing is among the problems.
  return {
    ...(token !== undefined && { token }),
    url,
    deployment: recorded as SentryDeployment,
  };
}

const DEFAULT_SENTRY_URL = "https://sentry.io";
/** A limit of Sentry's API. */
const MAX_REPOSITORY_LENGTH = 200;
const SLUG = /^[\w-]{1,100}$/;
const COMMIT = /^[\da-f]{7,64}$/i;

function readToken(reader: OptionReader): AuthToken | undefined {
  const setting = reader.variable(sentryVariables.token);
  if (setting === undefined) {
    reader.problems.push(
      `${sentryVariables.token} is not set: create a token in Sentry's settings`,
    );
    return undefined;
  }
  const token = parseAuthToken(setting.text);
  const expected = "a token without spaces, quotes and Bearer";
  if (token === undefined)
    reader.problems.push(`${sentryVariables.token}: received ***, expected ${expected}`);
  return token;
}

/** The address and the organization in a token take precedence, as in sentry-cli. */
function readSentryUrl(reader: OptionReader, token: AuthToken | undefined): string {
  const setting = reader.variable(sentryVariables.url);
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
  const setting = reader.setting("org", sentryVariables.organization);
  const ofToken = token?.organization;
  if (ofToken !== undefined) {
    if (setting !== undefined && setting.text !== ofToken)
      reader.note(setting, "the organization in the token", ofToken);
    return ofToken;
  }
  if (setting === undefined)
    reader.problems.push(`--org is missing: name it, or set ${sentryVariables.organization}`);
  return reader.read(setting, "the organization's name in URLs, such as acme", parseSlug);
}

function readProjects(reader: OptionReader): readonly string[] {
  const settings = reader.settings("project", sentryVariables.project);
  if (settings.length === 0)
    reader.problems.push(`--project is missing: name it, or set ${sentryVariables.project}`);
  const expected = "the project's name in URLs, such as shop";
  const slugs = settings.flatMap(({ name, text }) =>
    text.split(",").map((part) => reader.read({ name, text: part.trim() }, expected, parseSlug)),
  );
  return [...new Set(slugs.filter((slug) => slug !== undefined))];
}

function readRepository(
  reader: OptionReader,
  commit: string | undefined,
): Pick<SentryDeployment, "repository" | "previousCommit"> {
  if (reader.has("repository") && commit === undefined && !reader.has("commit"))
    reader.problems.push("--repository needs --commit, since none is detected");
  if (reader.has("previous-commit") && !reader.has("repository"))
    reader.problems.push("--previous-commit needs --repository");
  return {
    repository: reader.read(
      reader.setting("repository"),
      "the repository's name in Sentry, such as acme/shop",
      textOf(MAX_REPOSITORY_LENGTH),
    ),
    previousCommit: readCommitId(reader, "previous-commit"),
  };
}

/** Reads the id of a commit. */
export function readCommitId(reader: OptionReader, option: string): string | undefined {
  return reader.read(reader.setting(option), "7 to 64 hexadecimal digits", (text) =>
    COMMIT.test(text) ? text : undefined,
  );
}

function parseSlug(text: string): string | undefined {
  return SLUG.test(text) ? text : undefined;
}

/** Parses a text of limited length without control characters. */
export function textOf(maxLength: number): Parse<string> {
  return (text) => {
    const isText = text.trim() !== "" && text.length <= maxLength && !/\p{Cc}/u.test(text);
    return isText ? text.trim() : undefined;
  };
}

/** Parses an address. Returns it without a slash at the end. */
function parseBaseUrl(text: string): string | undefined {
  const url = parsePlainUrl(text);
  if (url === undefined || url.search !== "" || url.hash !== "") return undefined;
  return trimEndOf(url.href, "/");
}

/** Parses a URL without user and password. */
export function parsePlainUrl(text: string): URL | undefined {
  const url = parseHttpUrl(text);
  return url?.username === "" && url.password === "" ? url : undefined;
}
