import type { Logger } from "winston";
import { loggerApi, type LoggerApi } from "./api.ts";
import type { ConfigIssue } from "./config/issue.ts";
import { parseConfig } from "./config/parse.ts";
import { formatIssues } from "./config/report.ts";
import { Diagnostics } from "./diagnostics/diagnostics.ts";
import { type Environment, readEnvironment } from "./env.ts";
import { createLoggerApi } from "./logger/logger-api.ts";
import { createNamedLogger, type LoggerOptions } from "./logger/named-logger.ts";
import { createRedactor } from "./redaction/redactor.ts";
import { serviceNameOf } from "./resource/attributes.ts";

export type { Logger, LoggerOptions };

/*
 * The entry `telltale/logger`. With the preload it uses the preload's configuration;
 * without one it reads its few variables itself, and lines have no ids.
 */

/**
 * Creates a logger of winston with a name. Its lines have the documented fields, the ids
 * of the active trace and request, and no secrets. None of its methods throws.
 *
 *     const logger = createLogger("api.cache");
 *     logger.info("warmed", { entries: 120 });
 *     logger.error("unreachable", error);
 *
 * @param name words between dots, from the general to the special: the rule of `api` in
 *   `TELLTALE_LOG_LEVELS` applies to `api.cache` too.
 */
export function createLogger(name: string, options: LoggerOptions = {}): Logger {
  const api = loggerApi(createStandaloneApi);
  return createNamedLogger(validName(name, api), Object(options) as LoggerOptions, api);
}

const DEFAULT_NAME = "app";

function validName(name: unknown, api: LoggerApi): string {
  if (typeof name === "string" && name !== "") return name;
  const received = typeof name === "string" ? "an empty name" : typeof name;
  api.warn(
    "logger name",
    `createLogger: received ${received}, expected the name of a logger, such as api.cache; using ${DEFAULT_NAME}`,
  );
  return DEFAULT_NAME;
}

/** The variables that have an effect without the preload. */
const ownVariables: ReadonlySet<string> = new Set([
  ...["TELLTALE_LOG_LEVELS", "TELLTALE_LOG_FORMAT", "TELLTALE_REDACT"],
  ...["OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_LOG_LEVEL"],
]);

const NOT_PRELOADED =
  "telltale/logger is used without the preload, so its lines have no trace and request ids; " +
  "start Node with --import telltale/register, or set OTEL_SDK_DISABLED=true if this is on purpose";

/** Creates what loggers need in a process without the preload. */
function createStandaloneApi(): LoggerApi {
  const environment = readEnvironment();
  const { config, issues } = parseConfig(withoutSwitch(environment));
  const diagnostics = new Diagnostics(config.logLevel, (text) => process.stderr.write(text));
  const own = issues.filter((issue) => isOwn(issue));
  if (own.length > 0 && diagnostics.isEnabled("warn")) process.stderr.write(formatIssues(own));
  if (config.environment === "production" && !environment.has("OTEL_SDK_DISABLED")) {
    diagnostics.warn("not preloaded", NOT_PRELOADED);
  }
  return createLoggerApi({
    config: config.logs,
    service: serviceNameOf(config),
    environment: config.environment,
    redactor: createRedactor(config.redaction, (key, text) => diagnostics.warn(key, text)),
    diagnostics,
    addIds: undefined,
  });
}

/** With the switch, the configuration would be the defaults. It does not switch the loggers off. */
function withoutSwitch(environment: Environment): Environment {
  return new Map([...environment].filter(([name]) => name !== "OTEL_SDK_DISABLED"));
}

function isOwn(issue: ConfigIssue): boolean {
  return ownVariables.has(issue.kind === "misspelt" ? issue.suggestion : issue.variable);
}
