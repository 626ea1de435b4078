import type { RedactionConfig } from "../../config/config.ts";
import { createRedaction } from "../../redaction/create-redaction.ts";
import type { SecretKind } from "../../redaction/kinds.ts";
import type { Warn } from "../../redaction/patterns.ts";
import type { FoundSecret, Redaction } from "../../redaction/redaction.ts";
import { REDACTED } from "../../secrets.ts";
import type { InputLine } from "./input-lines.ts";

/** Where a secret is, without the secret. */
export interface SecretPlace {
  readonly line: number;
  /** From 1 on; of a secret in a text that is no JSON. */
  readonly column?: number;
  /** The names of the fields that lead to it; of a secret in JSON. */
  readonly path?: string;
  readonly kind: SecretKind;
}

/** A line without its secrets, and where they were. */
export interface RedactedLine {
  readonly text: string;
  readonly places: readonly SecretPlace[];
}

/** A name that is longer may be no name. */
const MAX_PATH_LENGTH = 200;

/** Redacts lines of JSON and of text, one after the other: a private key spans several. */
export class LineRedaction {
  /** Undefined: nothing is redacted. */
  readonly #redaction: Redaction | undefined;
  #found: FoundSecret[] = [];
  #isInPrivateKey = false;

  constructor(config: RedactionConfig | undefined, warn: Warn) {
    this.#redaction =
      config && createRedaction(config, warn, (secret) => void this.#found.push(secret));
  }

  redact(line: InputLine): RedactedLine {
    if (this.#redaction === undefined) return { text: line.text, places: [] };
    const fields = line.isPart ? undefined : parseFields(line.text);
    return fields === undefined
      ? this.#redactText(line, this.#redaction)
      : this.#redactFields(line, fields, this.#redaction);
  }

  #redactFields({ number, text }: InputLine, fields: object, redaction: Redaction): RedactedLine {
    const redacted = Array.isArray(fields)
      ? redaction.field("", fields)
      : redaction.attributes(fields);
    const found = this.#takeFound();
    const places = found.map(({ kind, path }) => ({
      line: number,
      path: this.#shownPath(path, redaction),
      kind,
    }));
    return { text: places.length === 0 ? text : formatFields(redacted), places };
  }

  /** A name of a field can be a secret itself. */
  #shownPath(path: string, redaction: Redaction): string {
    const shown = redaction.text(path.replace(/^\./, "").slice(0, MAX_PATH_LENGTH));
    this.#found = [];
    return shown;
  }

  #redactText({ number, text, offset }: InputLine, redaction: Redaction): RedactedLine {
    const keyEnd = this.#isInPrivateKey ? endOfKey(text) : 0;
    const redacted = redaction.text(text.slice(keyEnd));
    const found = this.#takeFound();
    this.#isInPrivateKey =
      keyEnd === text.length && this.#isInPrivateKey ? true : opensPrivateKey(text);
    const places = found.map(({ kind, from = 0 }) => ({
      line: number,
      column: offset + keyEnd + from + 1,
      kind,
    }));
    if (keyEnd === 0) return { text: redacted, places };
    return {
      text: REDACTED + redacted,
      places: [{ line: number, column: offset + 1, kind: "private key" }, ...places],
    };
  }

  #takeFound(): readonly FoundSecret[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }
}

/** Returns the object or the list that a line is. */
function parseFields(text: string): object | undefined {
  if (!/^\s{0,100}[{[]/.test(text)) return undefined;
  try {
    return JSON.parse(text, readValue) as object;
  } catch {
    return undefined;
  }
}

/** What a reviver learns of a value. https://github.com/tc39/proposal-json-parse-with-source */
interface ParsedValue {
  readonly source?: string;
}

/** Returns an integer with more digits than a number has, such as that of a card with 19, as a BigInt. */
function readValue(_name: string, value: unknown, context?: ParsedValue): unknown {
  const source = context?.source;
  const isLong = Number.isInteger(value) && !Number.isSafeInteger(value);
  return isLong && source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;
}

const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => unknown };

function formatFields(fields: unknown): string {
  return JSON.stringify(fields, (_name, value: unknown) =>
    typeof value === "bigint" ? rawJSON(String(value)) : value,
  );
}

/** Where a private key ends that began in a line before: before its last line. */
function endOfKey(text: string): number {
  const end = text.indexOf("-----END ");
  return end === -1 ? text.length : end;
}

function opensPrivateKey(text: string): boolean {
  const begin = text.lastIndexOf("-----BEGIN ");
  return (
    begin !== -1 &&
    /^-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----/.test(text.slice(begin, begin + 100)) &&
    !text.includes("-----END ", begin)
  );
}
