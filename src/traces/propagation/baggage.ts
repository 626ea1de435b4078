import type {
  Baggage,
  BaggageEntry,
  BaggageEntryMetadata,
  Context,
  TextMapGetter,
  TextMapPropagator,
  TextMapSetter,
} from "@opentelemetry/api";
import { isTracingSuppressed } from "../../context/context.ts";
import { propertyOf } from "../../property.ts";
import { trimWhiteSpace } from "./white-space.ts";

/** Where every copy of the API keeps the baggage in a context. */
export const BAGGAGE_KEY: symbol = Symbol.for("OpenTelemetry Baggage Key");

const BAGGAGE = "baggage";

/**
 * The bounds that the specification asks everyone to carry at least; they are
 * ours for reading, too, so that a header costs no more than this, whatever its
 * length (CVE-2026-54285).
 *
 * https://www.w3.org/TR/baggage/#limits
 */
const MAX_MEMBERS = 64;
const MAX_LENGTH = 8192;

/** An entry, and how it was written when it came in: so it goes out again. */
interface StoredEntry {
  readonly value: string;
  readonly metadata: BaggageEntryMetadata | undefined;
  readonly text: string | undefined;
}

type StoredEntries = ReadonlyMap<string, StoredEntry>;

/** The API's `Baggage`: immutable, each change makes another one. */
export class BaggageImpl implements Baggage {
  readonly #entries: StoredEntries;
  #header: string | undefined = undefined;
  #excludedPrefix: string | undefined = undefined;

  constructor(entries: StoredEntries) {
    this.#entries = entries;
  }

  getEntry(key: string): BaggageEntry | undefined {
    const entry = this.#entries.get(key);
    return entry === undefined ? undefined : toBaggageEntry(entry);
  }

  getAllEntries(): [string, BaggageEntry][] {
    return Array.from(this.#entries, ([key, entry]) => [key, toBaggageEntry(entry)]);
  }

  /** What is no text is kept for the app, and not sent. */
  setEntry(key: string, entry: BaggageEntry): BaggageImpl {
    const value = propertyOf(entry, "value") as string;
    const metadata = propertyOf(entry, "metadata") as BaggageEntryMetadata | undefined;
    const entries = new Map(this.#entries);
    return new BaggageImpl(entries.set(key, { value, metadata, text: undefined }));
  }

  removeEntry(key: string): BaggageImpl {
    return this.removeEntries(key);
  }

  removeEntries(...keys: string[]): BaggageImpl {
    const entries = new Map(this.#entries);
    for (const key of keys) entries.delete(key);
    return new BaggageImpl(entries);
  }

  clear(): BaggageImpl {
    return new BaggageImpl(new Map());
  }

  /**
   * The `baggage` header to send, empty if there is nothing to send.
   *
   * @param excludedPrefix entries whose key starts so are left out
   */
  serialize(excludedPrefix?: string): string {
    if (this.#header === undefined || this.#excludedPrefix !== excludedPrefix) {
      this.#header = serializeEntries(this.#entries, excludedPrefix);
      this.#excludedPrefix = excludedPrefix;
    }
    return this.#header;
  }
}

function toBaggageEntry({ value, metadata }: StoredEntry): BaggageEntry {
  return metadata === undefined ? { value } : { value, metadata };
}

/**
 * A `baggage` header (one string, or an array of several) as the API's
 * `Baggage`, or undefined if nothing in it is legal. Illegal members are
 * skipped; of a repeated key the last one counts.
 */
export function readBaggage(header: unknown): BaggageImpl | undefined {
  const entries = new Map<string, StoredEntry>();
  if (typeof header === "string") addEntries(header, entries, MAX_LENGTH);
  else if (Array.isArray(header)) addAllEntries(header, entries);
  return entries.size === 0 ? undefined : new BaggageImpl(entries);
}

function addAllEntries(headers: readonly unknown[], entries: Map<string, StoredEntry>): void {
  let remaining = MAX_LENGTH;
  for (const header of headers) {
    if (typeof header !== "string" || remaining <= 0) return;
    addEntries(header, entries, remaining);
    remaining -= header.length + 1;
  }
}

function addEntries(header: string, entries: Map<string, StoredEntry>, limit: number): void {
  for (let at = 0; at < header.length && entries.size < MAX_MEMBERS;) {
    const comma = header.indexOf(",", at);
    const end = comma === -1 ? header.length : comma;
    if (end > limit) return;
    addEntry(header.slice(at, end), entries);
    at = end + 1;
  }
}

/**
 * `key = value ; property ; property = value`, with optional white space.
 *
 * https://www.w3.org/TR/baggage/#definition
 */
function addEntry(member: string, entries: Map<string, StoredEntry>): void {
  const semicolon = member.indexOf(";");
  const pair = semicolon === -1 ? member : member.slice(0, semicolon);
  const equals = pair.indexOf("=");
  if (equals === -1) return;
  const key = trimWhiteSpace(pair.slice(0, equals));
  const value = trimWhiteSpace(pair.slice(equals + 1));
  if (!TOKEN.test(key) || !OCTETS.test(value)) return;
  const properties = semicolon === -1 ? "" : propertiesIn(member.slice(semicolon + 1));
  if (properties === undefined) return;
  entries.set(decodeText(key), {
    value: decodeText(value),
    metadata: properties === "" ? undefined : metadataOf(properties),
    text: `${key}=${value}${properties === "" ? "" : `;${properties}`}`,
  });
}

/** A `token` of HTTP. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Any number of `baggage-octet`s. */
const OCTETS = /^[!#-+\--:<-[\]-~]*$/;

/** The properties of a member without white space, or undefined if one is illegal. */
function propertiesIn(text: string): string | undefined {
  const properties: string[] = [];
  for (const part of text.split(";")) {
    const property = trimWhiteSpace(part);
    if (property === "") continue;
    const equals = property.indexOf("=");
    const key = equals === -1 ? property : trimWhiteSpace(property.slice(0, equals));
    const value = equals === -1 ? "" : trimWhiteSpace(property.slice(equals + 1));
    if (!TOKEN.test(key) || !OCTETS.test(value)) return undefined;
    properties.push(equals === -1 ? key : `${key}=${value}`);
  }
  return properties.join(";");
}

function decodeText(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, decodeBytes);
  }
}

/** What is no UTF-8 becomes U+FFFD. */
function decodeBytes(escapes: string): string {
  return Buffer.from(escapes.replaceAll("%", ""), "hex").toString();
}

/** The API marks metadata with a symbol that it doesn't export; only `toString` is ever used. */
function metadataOf(properties: string): BaggageEntryMetadata {
  return { toString: () => properties } as BaggageEntryMetadata;
}

function serializeEntries(entries: StoredEntries, excludedPrefix: string | undefined): string {
  let header = "";
  let count = 0;
  for (const [key, { value, metadata, text = serializeEntry(key, value, metadata) }] of entries) {
    if (text === undefined || (excludedPrefix !== undefined && key.startsWith(excludedPrefix)))
      continue;
    const extended = count === 0 ? text : `${header},${text}`;
    if (extended.length > MAX_LENGTH) continue;
    header = extended;
    if (++count === MAX_MEMBERS) break;
  }
  return header;
}

/** An entry of the app's as a member, or undefined if there is no way to write it. */
function serializeEntry(
  key: unknown,
  value: unknown,
  metadata: BaggageEntryMetadata | undefined,
): string | undefined {
  if (typeof key !== "string" || key === "" || typeof value !== "string") return undefined;
  const properties = metadata === undefined ? "" : serializeMetadata(metadata);
  const pair = `${encodeKey(key)}=${encodeText(value)}`;
  return properties === "" ? pair : `${pair};${properties}`;
}

/** Empty where it can't be written: an app may make it of anything. */
function serializeMetadata(metadata: BaggageEntryMetadata): string {
  try {
    return propertiesIn(metadata.toString()) ?? "";
  } catch {
    return "";
  }
}

/** `%` and what no token may hold is escaped: the way upstream does it, and undoes it. */
function encodeKey(key: string): string {
  return encodeText(key).replaceAll("(", "%28").replaceAll(")", "%29");
}

/** `encodeURIComponent` throws on half a surrogate pair; UTF-8 has U+FFFD for it. */
export function encodeText(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString());
}

/** W3C baggage behind the API's interface. */
export class BaggagePropagator implements TextMapPropagator<unknown> {
  readonly #excludedPrefix: string | undefined;

  /** @param excludedPrefix entries whose key starts so are read, but not sent on */
  constructor(excludedPrefix?: string) {
    this.#excludedPrefix = excludedPrefix;
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter<unknown>): void {
    const baggage = context.getValue(BAGGAGE_KEY) as Baggage | undefined;
    if (baggage === undefined || baggage === null || isTracingSuppressed(context)) return;
    const list = baggage instanceof BaggageImpl ? baggage : createBaggage([], baggage);
    const header = list.serialize(this.#excludedPrefix);
    if (header !== "") setter.set(carrier, BAGGAGE, header);
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter<unknown>): Context {
    const header = getter.get(carrier, BAGGAGE);
    if (header === undefined) return context;
    const baggage = readBaggage(header);
    return baggage === undefined ? context : context.setValue(BAGGAGE_KEY, baggage);
  }

  fields(): string[] {
    return [BAGGAGE];
  }
}

/** These keys and values as `Baggage`, beside what another one holds. */
export function createBaggage(
  pairs: Iterable<readonly [string, string]>,
  others?: Baggage,
): BaggageImpl {
  const entries = others === undefined ? new Map<string, StoredEntry>() : entriesOf(others);
  for (const [key, value] of pairs) {
    entries.set(key, { value, metadata: undefined, text: undefined });
  }
  return new BaggageImpl(entries);
}

/** Of a `Baggage` that another copy of the API made. */
function entriesOf(baggage: Baggage): Map<string, StoredEntry> {
  const entries = new Map<string, StoredEntry>();
  for (const [key, { value, metadata }] of baggage.getAllEntries()) {
    entries.set(key, { value, metadata, text: undefined });
  }
  return entries;
}
