import { Writable } from "node:stream";
import winston from "winston";
import type { LoggerApi } from "../../src/api.ts";
import type { LogsConfig } from "../../src/config/config.ts";
import { Diagnostics } from "../../src/diagnostics/diagnostics.ts";
import type { FormattedInfo } from "../../src/logger/line-format.ts";
import { createLoggerApi } from "../../src/logger/logger-api.ts";
import { createNamedLogger, type LoggerOptions } from "../../src/logger/named-logger.ts";
import { readableLine } from "../../src/logger/readable-line.ts";
import { redactor } from "../redaction/default-redactor.ts";

/** A logger whose lines and messages are collected. */
export interface CollectedLines {
  readonly logger: winston.Logger;
  readonly api: LoggerApi;
  /** What the transport writes, one element for each line. */
  readonly texts: string[];
  /** The same lines for a reader, without colours. */
  readonly readable: string[];
  /** Messages of telltale's own. */
  readonly messages: string[];
}

export function collectLines(
  name = "api",
  config: Partial<LogsConfig> = {},
  options: LoggerOptions = {},
): CollectedLines {
  const texts: string[] = [];
  const readable: string[] = [];
  const messages: string[] = [];
  const api = createLoggerApi({
    config: { levels: [], lineFormat: "json", nodeEnvironment: undefined, ...config } as LogsConfig,
    service: "shop",
    environment: "test",
    redactor,
    diagnostics: new Diagnostics("info", (text) => messages.push(text)),
    addIds: undefined,
  });
  const transport = new winston.transports.Stream({ stream: collector(texts), eol: "\n" });
  const write = transport.log?.bind(transport);
  transport.log = (info: FormattedInfo, next: () => void) => {
    readable.push(readableLine(info, (_, text) => text));
    write?.(info, next);
  };
  const logger = createNamedLogger(name, { transports: transport, ...options }, api);
  return { logger, api, texts, readable, messages };
}

function collector(texts: string[]): Writable {
  return new Writable({
    write(chunk, _encoding, callback) {
      texts.push(String(chunk));
      callback();
    },
  });
}
