import { parseJsonLine } from "./parse-json-line.ts";
import type { LineMetadata } from "./line-metadata.ts";
import type { TelltaleLogger } from "./logger.ts";
import { addStructuredLine } from "./structured-line.ts";
import type { LogRecord, LogRecordSource } from "./log-record.ts";
import { ValueCopier } from "./value-copier.ts";
import { addTextLine, type FieldValues } from "./text-line.ts";

const NO_FIELDS: FieldValues = new Map();

/**
 * The record of a line from its text. A text doesn't change, so it is read when
 * the record is needed; nothing of the app's is read again for it.
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
   * @param fieldValues what a text that is no JSON was made of.
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

/** The record of a line that is shown as an object, whose data is copied at once. */
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
