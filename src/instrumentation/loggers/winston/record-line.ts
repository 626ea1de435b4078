import type { LogRecordSource } from "../../../logs/log-record.ts";
import type { TelltaleLogger } from "../../../logs/logger.ts";
import { ParsedLineRecord, recordFromFields } from "../../../logs/parsed-line-record.ts";
import type { Levels } from "../../../logs/severity.ts";
import { DeferredRecord } from "./deferred-record.ts";
import type { BelowLevelLine } from "./below-level.ts";
import { FormattedInfo } from "./formatted-info.ts";
import { idsInFastJson } from "./line-ids.ts";
import { type FastJsonLine, linesInFlight, type WinstonLine } from "./lines-in-flight.ts";
import { pendingFormats } from "./pending-formats.ts";
import {
  bufferingRecipientsOf,
  FORMATTED_BY_TRANSPORT,
  recipientsOf,
  UNCHANGED,
} from "./recipients.ts";
import { loggerOf, simpleTelltaleLine } from "./telltale-line.ts";
import { LEVEL, type WinstonInfo, type WinstonLogger } from "./winston-info.ts";

/**
 * Writes the record of a formatted line, unless no transport accepts it (by its
 * level, or because it is silent). If each transport that accepts it has its own
 * format, the record shows what the first of these formats returns. Never throws.
 */
export function recordFormattedLine(
  otelLogger: TelltaleLogger,
  logger: WinstonLogger,
  info: WinstonInfo,
  line: WinstonLine,
): void {
  try {
    if (line.isRecorded) return;
    switch (recipientsOf(logger, info)) {
      case FORMATTED_BY_TRANSPORT:
        pendingFormats.add(info, (formatted) => {
          const record = recordOf(otelLogger, logger.levels, formatted, info, line);
          otelLogger.write(record, line, line.reported);
        });
        return;
      case UNCHANGED:
        otelLogger.write(
          recordOf(otelLogger, logger.levels, info, undefined, line),
          line,
          line.reported,
        );
        return;
      default:
        if (line.belowLevel !== undefined)
          bufferRecord(otelLogger, logger, info, line, line.belowLevel);
    }
  } catch {
    // The line can't be read. Winston tries to read it next, and the app sees the error.
  }
}

/** Adds the record of a line that its transports buffer. */
function bufferRecord(
  otelLogger: TelltaleLogger,
  logger: WinstonLogger,
  info: WinstonInfo,
  line: WinstonLine,
  belowLevel: BelowLevelLine,
): void {
  const { levels } = logger;
  switch (bufferingRecipientsOf(logger, belowLevel)) {
    case FORMATTED_BY_TRANSPORT:
      pendingFormats.add(info, (formatted) => {
        const record = recordOf(otelLogger, levels, formatted, info, line);
        belowLevel.addRecord(otelLogger, record);
      });
      return;
    case UNCHANGED:
      belowLevel.addRecord(otelLogger, recordOf(otelLogger, levels, info, undefined, line));
      return;
    default:
  }
}

/**
 * @param info the line as it is shown.
 * @param previous the line before a transport's format ran: if the text has not
 *   changed since, it is the logger's, and older than the fields.
 */
function recordOf(
  otelLogger: TelltaleLogger,
  levels: Levels,
  info: WinstonInfo,
  previous: WinstonInfo | undefined,
  line: WinstonLine,
): LogRecordSource {
  const fastJson = line.error === undefined ? fastJsonOf(info, previous) : undefined;
  return fastJson === undefined
    ? recordOfInfo(otelLogger, levels, info, previous, line)
    : deferredRecord(otelLogger, levels, info, fastJson, line);
}

/** Returns a line that need not be parsed, since its text and fields are known. */
function fastJsonOf(
  info: WinstonInfo,
  previous: WinstonInfo | undefined,
): FastJsonLine | undefined {
  const formatted = linesInFlight.takeFormatted(info);
  if (formatted !== undefined || previous !== undefined) return formatted;
  return simpleTelltaleLine(info);
}

function deferredRecord(
  otelLogger: TelltaleLogger,
  levels: Levels,
  info: WinstonInfo,
  fastJson: FastJsonLine,
  line: WinstonLine,
): LogRecordSource {
  const { timestamp, spanContext } = line;
  const ids = idsInFastJson(fastJson, line);
  const logger = fastJson.resourceFields === undefined ? otelLogger : loggerOf(info, otelLogger);
  return new DeferredRecord(logger, timestamp, spanContext, ids, fastJson, info[LEVEL], levels);
}

function recordOfInfo(
  otelLogger: TelltaleLogger,
  levels: Levels,
  info: WinstonInfo,
  previous: WinstonInfo | undefined,
  line: WinstonLine,
): LogRecordSource {
  const formattedInfo = new FormattedInfo(info, previous, line);
  const metadata = formattedInfo.metadata(levels);
  const { text } = formattedInfo;
  const logger = loggerOf(info, otelLogger);
  if (text === undefined) return recordFromFields(logger, line.timestamp, info, metadata);
  const values = formattedInfo.fieldValues();
  return new ParsedLineRecord(logger, line.timestamp, text, metadata, values);
}
