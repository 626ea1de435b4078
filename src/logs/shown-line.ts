import { readJsonLine } from "./json-line.ts";
import type { LineFacts } from "./line-facts.ts";
import type { TelltaleLogger } from "./logger.ts";
import { addLine } from "./plain-line.ts";
import type { LogRecord, RecordSource } from "./record.ts";
import { Snapshot } from "./snapshot.ts";
import { addText, type Given } from "./text-line.ts";

const NOTHING: Given = new Map();

/**
 * The record of a line from its text. A text doesn't change, so it is read when
 * the record is needed; nothing of the app's is read again for it.
 */
export class ShownLine implements RecordSource {
  readonly #records: TelltaleLogger;
  readonly #at: number;
  readonly #text: string;
  readonly #facts: LineFacts;
  readonly #given: Given;
  #record: LogRecord | undefined = undefined;

  /**
   * @param at milliseconds since the epoch.
   * @param given what a text that is no JSON was made of.
   */
  constructor(
    records: TelltaleLogger,
    at: number,
    text: string,
    facts: LineFacts,
    given: Given = NOTHING,
  ) {
    this.#records = records;
    this.#at = at;
    this.#text = text;
    this.#facts = facts;
    this.#given = given;
  }

  finished(): LogRecord {
    return (this.#record ??= this.#make());
  }

  #make(): LogRecord {
    const record = newRecord(this.#records, this.#at, this.#facts);
    const line = readJsonLine(this.#text);
    if (line === undefined) addText(record, this.#text, this.#given, this.#facts);
    else addLine(record, this.#facts.keys.unwrap?.(line) ?? line, this.#text.trim(), this.#facts);
    return record;
  }
}

/** The record of a line that is shown as an object, whose data is copied at once. */
export function recordOfFields(
  records: TelltaleLogger,
  at: number,
  fields: object,
  facts: LineFacts,
): LogRecord {
  const record = newRecord(records, at, facts);
  const copy = new Snapshot(Infinity, true).fields(fields);
  addLine(record, facts.keys.unwrap?.(copy) ?? copy, undefined, facts);
  return record;
}

function newRecord(
  records: TelltaleLogger,
  at: number,
  { severityText, severityNumber }: LineFacts,
): LogRecord {
  const record = records.record(at);
  record.severityText = severityText;
  record.severityNumber = severityNumber;
  return record;
}
