import type { LoggerApi } from "../api.ts";
import type { LineFormat, LogsConfig } from "../config/config.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import { activeBuffer } from "../logs/buffer/active-buffer.ts";
import { levelChanges } from "../logs/levels/level-changes.ts";
import { LogLevels, severityOfLevel } from "../logs/levels/log-levels.ts";
import type { Redactor } from "../redaction/redactor.ts";
import { changeLevel } from "./change-level.ts";

export interface LoggerDeps {
  readonly config: LogsConfig;
  readonly service: string;
  /** Undefined: Sentry's default, `production`. */
  readonly environment: string | undefined;
  readonly redactor: Redactor;
  readonly diagnostics: Diagnostics;
  /** Adds the ids of the active context to a line. Undefined without the preload. */
  readonly addIds: ((line: object) => void) | undefined;
}

/** The level of loggers without a rule. */
const DEFAULT_LEVEL = "info";

/** The environment that Sentry's events have by default. */
const DEFAULT_ENVIRONMENT = "production";

/** Creates what the loggers of `telltale/logger` need, in the preload or without one. */
export function createLoggerApi(deps: LoggerDeps): LoggerApi {
  const { config, redactor, diagnostics, addIds } = deps;
  const levels = new LogLevels(config.levels);
  return {
    service: deps.service,
    environment: deps.environment ?? DEFAULT_ENVIRONMENT,
    lineFormat: lineFormatOf(config),
    isPreloaded: addIds !== undefined,
    levelOf(name, own, initial = DEFAULT_LEVEL) {
      const level = own ?? levels.levelOf(name) ?? initial;
      return levelChanges.isEmpty
        ? level
        : levelChanges.effectiveLevel(name, level, severityOfLevel);
    },
    buffersLine: (level) => activeBuffer.current?.wants(severityOfLevel(level)) === true,
    changeLevel,
    changedLevels: () => levelChanges.list(),
    addIds: (line) => addIds?.(line),
    redact: (fields) => redactor.attributes(fields),
    addRedaction: (additions) => redactor.extend(additions),
    warn: (key, message) => diagnostics.warn(key, message),
  };
}

/** Readable text is for a developer: on a terminal, and with `NODE_ENV=development`. */
function lineFormatOf({ lineFormat, nodeEnvironment }: LogsConfig): LineFormat {
  if (lineFormat !== undefined) return lineFormat;
  if (nodeEnvironment === "production") return "json";
  return nodeEnvironment === "development" || process.stdout.isTTY ? "text" : "json";
}
