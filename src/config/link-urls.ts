import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { decodeText, redactPath, redactQuery } from "../secrets.ts";
import type { AlertReceiver, ProfileDestination } from "./config.ts";
import type { ReportIssue } from "./issue.ts";

/** Placeholders of a trace URL. Only the first one is required. */
const PLACEHOLDERS: readonly string[] = ["trace_id", "span_id", "service", "timestamp"];

const EXAMPLE_TRACE_URL = "https://grafana.example/explore?trace={trace_id}";
const EXAMPLE_ORG_URL = "https://acme.sentry.io";

/**
 * Checks the template of a trace's address, which every event shows to everyone who can
 * read it. So it may contain no credentials, and no placeholder may change its host.
 */
export function parseTraceUrl(text: string, report: ReportIssue): string | undefined {
  const problem = problemOfTraceUrl(text);
  if (problem === undefined) return text;
  report({ expected: `a URL like ${EXAMPLE_TRACE_URL} (${problem})`, used: "no links to traces" });
  return undefined;
}

function problemOfTraceUrl(text: string): string | undefined {
  const url = parseHttpUrl(text);
  if (url === undefined) return NOT_HTTP;
  const unknown = unknownPlaceholderIn(text);
  if (unknown !== undefined) return `{${unknown}} is not known`;
  if (!text.includes("{trace_id}")) return "{trace_id} is missing";
  if (/[{}]|%7[bd]/i.test(url.host)) return "the host has a placeholder";
  return problemOfSecrets(url);
}

/** Returns the name of a placeholder that is not known. Braces of JSON contain no plain name. */
function unknownPlaceholderIn(text: string): string | undefined {
  for (const [, name = ""] of text.matchAll(/\{(\w{1,40})\}/g))
    if (!PLACEHOLDERS.includes(name)) return name;
  return undefined;
}

/**
 * Parses the base URL of an organization in Sentry, such as `https://acme.sentry.io` or
 * `https://sentry.example/organizations/acme`. Returns it without a slash at the end.
 */
export function parseOrgUrl(text: string, report: ReportIssue): string | undefined {
  const url = parseHttpUrl(text);
  const problem = url === undefined ? NOT_HTTP : problemOfOrgUrl(url);
  // An address that was copied from the list of issues is as good.
  if (problem === undefined) return url?.href.replace(/\/$/, "").replace(/\/issues$/, "");
  report({ expected: `a URL like ${EXAMPLE_ORG_URL} (${problem})`, used: "no links to events" });
  return undefined;
}

function problemOfOrgUrl(url: URL): string | undefined {
  const problem = problemOfSecrets(url);
  if (problem !== undefined) return problem;
  return url.search === "" && url.hash === "" ? undefined : "it has a query or a fragment";
}

/** Where Spotlight receives by default. https://spotlightjs.com/docs/ */
const DEFAULT_SPOTLIGHT_URL = "http://localhost:8969/stream";
/** The texts that Sentry's SDKs take for true and false. */
const TRUE: readonly string[] = ["true", "t", "y", "yes", "on", "1"];
const FALSE: readonly string[] = ["false", "f", "n", "no", "off", "0"];

/** Parses the address of Spotlight; undefined if it is off. */
export function parseSpotlight(text: string, report: ReportIssue): string | undefined {
  const word = text.toLowerCase();
  if (TRUE.includes(word)) return DEFAULT_SPOTLIGHT_URL;
  if (FALSE.includes(word)) return undefined;
  const url = parseHttpUrl(text);
  if (url !== undefined && url.username === "" && url.password === "") return url.href;
  report({ expected: `1, 0 or a URL like ${DEFAULT_SPOTLIGHT_URL}`, used: "no Spotlight" });
  return undefined;
}

/** Slack's incoming webhooks: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
const SLACK_HOST = /^hooks\.slack(?:-gov)?\.com$/i;
const SLACK_PATH = /^\/services\/T\w+\/B\w+\/\w+\/?$/;

/** Parses the address of a webhook. Its user and password become a header. */
export function parseAlertUrl(text: string, report: ReportIssue): AlertReceiver | undefined {
  const url = parseHttpUrl(text);
  if (url === undefined) {
    report({
      expected: "a URL that begins with https:// or http:// and a host",
      used: "no alerts",
    });
    return undefined;
  }
  const isSlack = SLACK_HOST.test(url.hostname) || SLACK_PATH.test(url.pathname);
  const headers = takeCredentials(url);
  return { url: url.href, headers, format: isSlack ? "slack" : "json" };
}

/** The path of Pyroscope's API for profiles. https://grafana.com/docs/pyroscope/latest/reference-server-api/ */
const INGEST = "/ingest";

/**
 * Parses where profiles go: a path or a `file:` URL, the address of Pyroscope, or any other
 * address. User and password become a header.
 */
export function parseProfileDestination(
  text: string,
  report: ReportIssue,
): ProfileDestination | undefined {
  const path = pathOf(text);
  if (path !== undefined) return { kind: "folder", path };
  const isNamed = /^pyroscope\+/i.test(text);
  const url = parseHttpUrl(text.replace(/^pyroscope\+/i, ""));
  if (url === undefined) {
    report({ expected: "a path, or a URL like https://host/profiles or pyroscope+https://host" });
    return undefined;
  }
  const headers = takeCredentials(url);
  const isComplete = url.pathname.endsWith(INGEST);
  if (isNamed && !isComplete) url.pathname = url.pathname.replace(/\/?$/, INGEST);
  return { kind: isNamed || isComplete ? "pyroscope" : "http", url: url.href, headers };
}

/** Returns an absolute path; undefined for a URL, or a host and its port. */
function pathOf(text: string): string | undefined {
  try {
    if (/^file:/i.test(text)) return fileURLToPath(text);
  } catch {
    // Of another host.
    return undefined;
  }
  if (/^pyroscope\+/i.test(text)) return undefined;
  const isPath = !text.includes(":") || /^[a-z]:[\\/]/i.test(text);
  return isPath ? resolve(text) : undefined;
}

/** Removes user, password and fragment from a URL. Returns the former as a header. */
function takeCredentials(url: URL): Readonly<Record<string, string>> {
  const { username, password } = url;
  url.username = "";
  url.password = "";
  url.hash = "";
  if (username === "" && password === "") return {};
  const credentials = `${decodeText(username)}:${decodeText(password)}`;
  return { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` };
}

const NOT_HTTP = "it does not begin with https:// or http:// and a host";

/** Parses an absolute URL without white space and control characters. */
export function parseHttpUrl(text: string): URL | undefined {
  // The parser of URLs removes line breaks, and accepts `https:host`.
  if (!/^https?:\/\/[^/\\?#]/i.test(text) || /[\s\p{Cc}]/u.test(text)) return undefined;
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** Tokens of Grafana and Sentry, which are not in the general policy. */
const TOKEN = /^(?:glsa|glc|sntry[sua])_\w{16}/;

/** Checks an address by the policy for URLs that leave the process. Placeholders are no secrets. */
function problemOfSecrets(url: URL): string | undefined {
  if (url.username !== "" || url.password !== "") return "it contains a user or password";
  const path = withoutPlaceholders(url.pathname);
  const query = withoutPlaceholders(url.search.slice(1));
  const fragment = withoutPlaceholders(url.hash.slice(url.hash.indexOf("?") + 1));
  for (const part of [query, fragment.replace(/^#/, "")])
    if (redactQuery(part) !== part) return "a parameter may be a secret";
  const words = url.href.split(/[^\w.-]+/);
  const hasToken = redactPath(path) !== path || words.some((word) => TOKEN.test(word));
  return hasToken ? "it may contain a token" : undefined;
}

function withoutPlaceholders(text: string): string {
  return text.replaceAll(/(?:\{|%7b)\w+(?:\}|%7d)/gi, "");
}
