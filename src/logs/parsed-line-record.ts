import { parseJsonLine } from "./parse-json-line.ts";
import type { LineMetadata } from "./line-metadata.ts";
import type { TelltaleLogger } from "./logger.ts";
import { addStructuredLine } from "./structured-line.ts";
import type { LogRecord, LogRecordSource } from "./log-record.ts";
import { ValueCopier } from "./value-copier.ts";
import { addTextLine, type FieldValues } from "./text-line.ts";

const NO_FIELDS: FieldValues = new Map();

/**
 * The record of a line, parsed from its text. The text can't change, so it is parsed
 * only when the record is needed. None of the app's objects are read again.
 */
export class ParsedLineRecord implements LogRecordSource {
  readonly #logger: TelltaleLogger;
  readonly #timestamp: number;
  readonly #text: string;
  readonly #metadata: LineMetadata;
  readonly #fieldValues: FieldValues;
  #record: LogRecord | undefined = undefined;

  /**
   * @param timestamp milliseconds since the epoch.
   * @param fieldValues the fields of the line, for a text that is not JSON.
   */
  constructor(
    logger: TelltaleLogger,
    timestamp: number,
    text: string,
    metadata: LineMetadata,
    fieldValues: FieldValues = NO_FIELDS,
  ) {
    this.#logger = logger;
    this.#timestamp = timestamp;
    this.#text = text;
    this.#metadata = metadata;
    this.#fieldValues = fieldValues;
  }

  get severityNumber(): number {
    return this.#metadata.severityNumber;
  }

  toRecord(): LogRecord {
    return (this.#record ??= this.#build());
  }

  #build(): LogRecord {
    const record = createRecord(this.#logger, this.#timestamp, this.#metadata);
    const line = parseJsonLine(this.#text);
    if (line === undefined) addTextLine(record, this.#text, this.#fieldValues, this.#metadata);
    else
      addStructuredLine(
        record,
        this.#metadata.keys.unwrap?.(line) ?? line,
        this.#text.trim(),
        this.#metadata,
      );
    return record;
  }
}

/** Builds the record of a line that is shown as an object. Its data is copied at once. */
export function recordFromFields(
  logger: TelltaleLogger,
  timestamp: number,
  fields: object,
  metadata: LineMetadata,
): LogRecord {
  const record = createRecord(logger, timestamp, metadata);
  const copy = new ValueCopier(Infinity, true).copyFields(fields);
  addStructuredLine(record, metadata.keys.unwrap?.(copy) ?? copy, undefined, metadata);
  return record;
}

function createRecord(
  logger: TelltaleLogger,
  timestamp: number,
  { severityText, severityNumber }: LineMetadata,
): LogRecord {
  const record = logger.createRecord(timestamp);
  record.severityText = severityText;
  record.severityNumber = severityNumber;
  return record;
}
