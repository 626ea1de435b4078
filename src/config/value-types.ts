import { lazy } from "../lazy.ts";
import { parseAttributes, parseHeaders, type KeyValues } from "./key-values.ts";
import { parseEndpoint, type Endpoint } from "./endpoint.ts";
import { readPemFile, formatPath } from "./pem-file.ts";
import { parseDsn } from "./dsn.ts";
import { MIN_SECRET_LENGTH } from "./admin/secret-length.ts";
import { suggest } from "./suggest.ts";
import { MASK, maskAddress, quote, formatMasked } from "./mask.ts";
import type { ReportIssue, ValueIssue } from "./issue.ts";
import type {
  AlertReceiver,
  DataCollectionName,
  ErrorPattern,
  GracefulShutdownConfig,
  InstrumentRule,
  LogLevelRule,
  LogFileName,
  MetricMergeRule,
  ModuleReference,
  ProfileDestination,
  RedactionSetting,
} from "./config.ts";

/** Loaded only for a name that Sentry may not accept. */
const loadSentryNames = lazy<typeof import("./sentry-names.ts")>("config/sentry-names.ts");
/** Loaded only if one of their variables is set. */
const loadErrorFilters = lazy<typeof import("./error-filters.ts")>("config/error-filters.ts");
const loadRedactionEntries = lazy<typeof import("./redaction-entries.ts")>(
  "config/redaction-entries.ts",
);
const loadLogLevelRules = lazy<typeof import("./log-level-rules.ts")>("config/log-level-rules.ts");
const loadMetricMergeRules = lazy<typeof import("./metrics/merge-rules.ts")>(
  "config/metrics/merge-rules.ts",
);
const loadLinkUrls = lazy<typeof import("./link-urls.ts")>("config/link-urls.ts");
const loadLogFileLimits = lazy<typeof import("./log-file-limits.ts")>("config/log-file-limits.ts");
const loadMetricViews = lazy<typeof import("./metrics/views.ts")>("config/metrics/views.ts");
const loadGracefulShutdown = lazy<typeof import("./graceful-shutdown.ts")>(
  "config/graceful-shutdown.ts",
);
const loadEventData = lazy<typeof import("./event-data.ts")>("config/event-data.ts");

/** Parses the text of a variable into a value. */
export interface ValueType<out T> {
  /** Description in the documentation. */
  readonly description: string;
  /** Returns undefined for an unusable value, after the reason was reported. Never throws. */
  readonly parse: (text: string, report: ReportIssue) => T | undefined;
  /** Formats the text for a report. Default: quoted, with addresses masked. */
  readonly format?: (text: string) => string;
}

/** Any text. */
export const text: ValueType<string> = { description: "text", parse: (value) => value };

/**
 * Only "true" is true.
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#boolean
 */
export const flag: ValueType<boolean> = { description: "true or false", parse: parseFlag };

/** The specification's maximum of integers, durations and timeouts, and the longest delay of a timer. */
const MAX_INT32: number = 2 ** 31 - 1;

export function integer(min: number, max: number = MAX_INT32): ValueType<number> {
  return {
    description: "integer",
    parse: (value, report) => parseInteger(value, min, max, report),
  };
}

export function duration(min: number): ValueType<number> {
  return { description: "milliseconds", parse: integer(min).parse };
}

/**
 * A timeout. 0 means no limit, which is the longest delay of a timer.
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#timeout
 */
export const timeout: ValueType<number> = {
  description: "milliseconds, 0 for no limit",
  parse: (value, report) => {
    const milliseconds = parseInteger(value, 0, MAX_INT32, report);
    return milliseconds === 0 ? MAX_INT32 : milliseconds;
  },
};

export const ratio: ValueType<number> = { description: "number from 0 to 1", parse: parseRatio };

/** Known names that are not supported, each with the reason. */
type UnsupportedNames = Readonly<Record<string, string>>;

/** One of several names, ignoring case. */
export function oneOf<Name extends string>(
  names: readonly Name[],
  unsupported: UnsupportedNames = {},
): ValueType<Name> {
  return {
    description: names.map(formatCode).join(", "),
    parse: (value, report) => findName(value, names, unsupported, formatList(names), report),
  };
}

/** A comma-separated list of names without duplicates. "none" alone is the empty list. */
export function someOf<Name extends string>(
  names: readonly Name[],
  unsupported: UnsupportedNames = {},
): ValueType<readonly Name[]> {
  const words = [...names, "none"];
  return {
    description: `list of ${names.map(formatCode).join(", ")}; or \`none\``,
    parse: (value, report) => parseNameList(value, names, unsupported, formatList(words), report),
  };
}

/** A comma-separated list of any names. */
export const names: ValueType<readonly string[]> = {
  description: "list of names",
  parse: parseNames,
};

/** Fingerprints and places of calls, in which `*` is any text. */
export const callPatterns: ValueType<readonly string[]> = {
  description: "list of fingerprints and paths",
  parse: parseNames,
};

/** Semantic conventions to opt in to. Only their stable names are emitted. */
export const optIn: ValueType<readonly string[]> = {
  description: "list of names",
  parse: parseOptIn,
};

/** A comma-separated, percent-encoded list of `key=value`. An error invalidates the whole value (as specified). */
export const attributes: ValueType<KeyValues> = {
  description: "list of key=value",
  parse: parseAttributes,
};

/** HTTP headers in the same format. An invalid one is ignored. */
export const headers: ValueType<KeyValues> = {
  description: "list of key=value",
  parse: parseHeaders,
  format: () => MASK,
};

export const endpoint: ValueType<Endpoint> = {
  description: "URL",
  parse: parseEndpoint,
  format: (value) => quote(maskAddress(value)),
};

/** A comma-separated list of URLs. Invalid ones and duplicates are ignored. */
export const endpoints: ValueType<readonly Endpoint[]> = {
  description: "list of URLs",
  parse: parseEndpoints,
  format: (value) => value.split(",").map(formatAddress).join(", "),
};

/** The contents of a PEM file, read immediately. */
export const pemFile: ValueType<string> = {
  description: "path of a PEM file",
  parse: readPemFile,
  format: formatPath,
};

export const dsn: ValueType<string> = { description: "DSN", parse: parseDsn, format: () => MASK };

/** Most names that Sentry accepts, of releases and of environments. */
const PLAIN_NAME = /^(?!latest$|none$|\.\.?$)[\w@.+-]{1,64}$/i;

/** The name of a release. One that Sentry does not accept is changed. */
export const release: ValueType<string> = nameType("parseRelease");

/** The name of an environment. One that Sentry does not accept is changed. */
export const environment: ValueType<string> = nameType("parseEnvironment");

function nameType(parse: "parseRelease" | "parseEnvironment"): ValueType<string> {
  return {
    description: "text",
    parse: (value, report) =>
      PLAIN_NAME.test(value) ? value : loadSentryNames()[parse](value, report),
  };
}

/** The template of a trace's address. */
export const traceUrl: ValueType<string> = {
  description: "URL with `{trace_id}`",
  parse: (value, report) => loadLinkUrls().parseTraceUrl(value, report),
  format: formatAddress,
};

/** The base URL of a Sentry organization. */
export const orgUrl: ValueType<string> = {
  description: "URL",
  parse: (value, report) => loadLinkUrls().parseOrgUrl(value, report),
  format: formatAddress,
};

/** The address of a webhook, which is a secret as a whole. */
export const alertUrl: ValueType<AlertReceiver> = {
  description: "URL",
  parse: (value, report) => loadLinkUrls().parseAlertUrl(value, report),
  format: () => MASK,
};

/** Where profiles are exported to. */
export const profileDestination: ValueType<ProfileDestination> = {
  description: "path or URL",
  parse: (value, report) => loadLinkUrls().parseProfileDestination(value, report),
};

/** Texts and regular expressions of errors. Malformed ones are ignored. */
export const errorPatterns: ValueType<readonly ErrorPattern[]> = {
  description: "list of texts and `/regular expressions/`",
  parse: (value, report) => loadErrorFilters().parseErrorPatterns(value, report),
};

/** Routes, in which `*` is any text. */
export const routePatterns: ValueType<readonly string[]> = {
  description: "list of routes",
  parse: (value, report) => loadErrorFilters().parseRoutePatterns(value, report),
};

/** Names of secret fields, patterns of secrets, exceptions, and classes of values. */
export const redaction: ValueType<RedactionSetting> = {
  description: "list of names, paths and regular expressions",
  parse: (value, report) => loadRedactionEntries().parseRedaction(value, report),
};

/** Levels by the names of loggers. */
export const logLevelRules: ValueType<readonly LogLevelRule[]> = {
  description: "list of `logger=level`",
  parse: (value, report) => loadLogLevelRules().parseLogLevelRules(value, report),
};

/** Names of instruments, each of which may end in `*`. */
export const instrumentPatterns: ValueType<readonly string[]> = {
  description: "list of names",
  parse: (value, report) => loadMetricViews().parseInstrumentPatterns(value, report),
};

/** New names of instruments. */
export const instrumentNames: ValueType<readonly InstrumentRule<string>[]> = {
  description: "list of `name=name`",
  parse: (value, report) => loadMetricViews().parseRenames(value, report),
};

/** Attributes by the names of instruments. */
export const instrumentAttributes: ValueType<readonly InstrumentRule<readonly string[]>[]> = {
  description: "`name:attribute,…;…`",
  parse: (value, report) => loadMetricViews().parseDroppedAttributes(value, report),
};

/** Boundaries of buckets by the names of instruments. */
export const instrumentBuckets: ValueType<readonly InstrumentRule<readonly number[]>[]> = {
  description: "`name:limit,…;…`",
  parse: (value, report) => loadMetricViews().parseBuckets(value, report),
};

/** Maximum numbers of series by the names of instruments. */
export const cardinalityLimits: ValueType<readonly InstrumentRule<number>[]> = {
  description: "integer, or list of `name=integer`",
  parse: (value, report) => loadMetricViews().parseCardinalityLimits(value, report),
};

/** How to merge the metrics of several processes. */
export const metricMergeRules: ValueType<readonly MetricMergeRule[]> = {
  description: "list of `metric=sum`, `max`, `min` or `separate`",
  parse: (value, report) => loadMetricMergeRules().parseMetricMergeRules(value, report),
};

export const gracefulShutdown: ValueType<GracefulShutdownConfig | undefined> = {
  description: "true, false, or a duration, with `wait=DURATION`, `readiness=fail` or `keep`",
  parse: (value, report) => loadGracefulShutdown().parseGracefulShutdown(value, report),
};

/** Options of Sentry's `dataCollection`. */
export const dataCollection: ValueType<readonly DataCollectionName[]> = {
  description:
    "list of `userInfo`, `cookies`, `httpHeaders`, `httpBodies`, `urlQueryParams`; or `none`",
  parse: (value, report) =>
    loadEventData().parseDataCollection((names, unsupported) =>
      someOf(names, unsupported).parse(value, report),
    ),
};

/** Names of fields of a user, none of which may be a secret. */
export const userFields: ValueType<readonly string[]> = {
  description: "list of names",
  parse: (value, report) => loadEventData().parseUserFields(splitList(value), report),
};

/** A module, which is loaded when it is needed. */
export const moduleReference: ValueType<ModuleReference> = {
  description: "path or name of a module",
  parse: (value) => loadErrorFilters().parseModuleReference(value),
};

/** The address of Spotlight. */
export const spotlight: ValueType<string> = {
  description: "1, 0 or URL",
  parse: (value, report) => loadLinkUrls().parseSpotlight(value, report),
  format: formatAddress,
};

/** The path of a file that is read when it is needed, and again when it has changed. */
export const filePath: ValueType<string> = {
  description: "path of a file",
  parse: (value) => value,
  format: formatPath,
};

/** The address of a server on this host, as an origin: `http://localhost:9465`. */
export const loopbackUrl: ValueType<string> = {
  description: "URL of this host",
  parse: (value, report) => {
    const url = URL.parse(value);
    const isLocal = url?.protocol === "http:" && LOOPBACK_HOSTS.includes(url.hostname);
    if (isLocal && url.username === "" && url.pathname === "/") return url.origin;
    report({ expected: "a URL of this host, like http://localhost:9465" });
    return undefined;
  },
};

const LOOPBACK_HOSTS: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/** A secret, which no message shows. */
export const secret: ValueType<string> = {
  description: `text of at least ${MIN_SECRET_LENGTH} characters`,
  parse: (value, report) => {
    if (value.length >= MIN_SECRET_LENGTH) return value;
    report({ expected: `at least ${MIN_SECRET_LENGTH} characters` });
    return undefined;
  },
  format: () => MASK,
};

/** A number for each log file that has one of its own. */
export type PerLogFile = Readonly<Partial<Record<LogFileName, number>>>;

/** Sizes of log files. An invalid entry is ignored. */
export const logFileSizes: ValueType<PerLogFile> = {
  description: "size, or list of file=size",
  parse: (value, report) => loadLogFileLimits().parseLogFileSizes(value, report),
};

/** Numbers of rotated files. An invalid entry is ignored. */
export const logFileCounts: ValueType<PerLogFile> = {
  description: "integer, or list of file=integer",
  parse: (value, report) => loadLogFileLimits().parseLogFileCounts(value, report),
};

/** The type of a variable that is never read. */
export const ignored: ValueType<undefined> = { description: "", parse: () => undefined };

function parseFlag(value: string, report: ReportIssue): boolean | undefined {
  const word = value.toLowerCase();
  if (word === "true" || word === "false") return word === "true";
  report({ expected: "true or false" });
  return undefined;
}

function parseInteger(
  value: string,
  min: number,
  max: number,
  report: ReportIssue,
): number | undefined {
  const number = /^[+-]?\d+$/.test(value) ? Number(value) : NaN;
  if (number >= min && number <= max) return number;
  report({ expected: `an integer from ${min} to ${max}` });
  return undefined;
}

function parseRatio(value: string, report: ReportIssue): number | undefined {
  const number = /^\+?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(value) ? Number(value) : NaN;
  if (number >= 0 && number <= 1) return number;
  report({ expected: "a number from 0 to 1" });
  return undefined;
}

function parseNameList<Name extends string>(
  value: string,
  names: readonly Name[],
  unsupported: UnsupportedNames,
  expected: string,
  report: ReportIssue,
): readonly Name[] | undefined {
  const words = splitList(value);
  const found = new Set<Name>();
  for (const word of words) {
    if (isNone(word)) continue;
    const name = findName(word, names, unsupported, expected, report);
    if (name !== undefined) found.add(name);
  }
  if (!words.some(isNone)) return found.size > 0 ? [...found] : undefined;
  if (words.every(isNone)) return [];
  report({ received: quote("none"), expected: "none alone" });
  return found.size > 0 ? [...found] : undefined;
}

function isNone(word: string): boolean {
  return word.toLowerCase() === "none";
}

function parseNames(value: string): readonly string[] | undefined {
  const words = [...new Set(splitList(value))];
  return words.length > 0 ? words : undefined;
}

function parseOptIn(value: string, report: ReportIssue): readonly string[] | undefined {
  const words = parseNames(value) ?? [];
  for (const word of words.filter((name) => name.endsWith("/dup"))) {
    report({
      received: formatMasked(word),
      expected: "a name without /dup",
      used: "the stable names",
    });
  }
  return words;
}

function splitList(value: string): string[] {
  return value
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}

function findName<Name extends string>(
  word: string,
  names: readonly Name[],
  unsupported: UnsupportedNames,
  expected: string,
  report: ReportIssue,
): Name | undefined {
  const lowerCaseName = word.toLowerCase();
  const name = names.find((candidate) => candidate.toLowerCase() === lowerCaseName);
  if (name !== undefined) return name;
  const reason = Object.hasOwn(unsupported, lowerCaseName) ? unsupported[lowerCaseName] : undefined;
  if (reason === undefined) report(unknownNameIssue(word, names, expected));
  else report({ received: quote(word), expected: `${expected} (${reason})` });
  return undefined;
}

function unknownNameIssue(word: string, names: readonly string[], expected: string): ValueIssue {
  return { received: formatMasked(word), expected, suggestion: suggest(word.toLowerCase(), names) };
}

/** Formats a list as `a, b or c`. */
export function formatList(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length > 1 ? `${words.slice(0, -1).join(", ")} or ${last}` : last;
}

function formatCode(word: string): string {
  return `\`${word}\``;
}

function parseEndpoints(value: string, report: ReportIssue): readonly Endpoint[] | undefined {
  const endpointsByUrl = new Map<string, Endpoint>();
  const issues: ValueIssue[] = [];
  const texts = value.split(",").map((text) => text.trim());
  for (const text of texts.filter((one) => one !== "")) {
    const received = formatAddress(text);
    const one = parseEndpoint(text, (issue) => issues.push({ received, ...issue }));
    if (one === undefined) continue;
    const { href } = one.url;
    if (endpointsByUrl.has(href)) issues.push({ received, expected: "each address once" });
    else endpointsByUrl.set(href, one);
  }
  if (endpointsByUrl.size === 0) {
    report({ expected: ADDRESSES });
    return undefined;
  }
  for (const issue of issues) report({ ...issue, used: "the other endpoints" });
  return [...endpointsByUrl.values()];
}

const ADDRESSES = "URLs like http://gateway-0:4318,http://gateway-1:4318";

function formatAddress(text: string): string {
  return quote(maskAddress(text.trim()));
}
