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

/** The key under which every copy of the API stores the baggage in a context. */
export const BAGGAGE_KEY: symbol = Symbol.for("OpenTelemetry Baggage Key");

const BAGGAGE = "baggage";

/**
 * The minimum that the specification requires to propagate, used as the limit for
 * parsing too, so that the cost of a header is bounded whatever its length
 * (CVE-2026-54285).
 *
 * https://www.w3.org/TR/baggage/#limits
 */
const MAX_MEMBERS = 64;
const MAX_LENGTH = 8192;

/** An entry, and its text as received, which is injected again unchanged. */
interface StoredEntry {
  readonly value: string;
  readonly metadata: BaggageEntryMetadata | undefined;
  readonly text: string | undefined;
}

type StoredEntries = ReadonlyMap<string, StoredEntry>;

/** The API's `Baggage`: immutable, each change returns a new one. */
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

  /** Stores any value for the app; only strings are injected. */
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
   * Returns the `baggage` header to inject; empty without entries.
   *
   * @param excludedPrefix entries whose key has this prefix are left out.
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
 * Parses a `baggage` header (one string, or an array of several) into the API's
 * `Baggage`; undefined without a legal member. Illegal members are skipped; of a
 * repeated key the last member is used.
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
 * Parses `key = value ; property ; property = value`, with optional white space.
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

/** Returns the properties of a member without white space; undefined if one is illegal. */
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

/** Decodes escapes as UTF-8, with U+FFFD for invalid bytes. */
function decodeBytes(escapes: string): string {
  return Buffer.from(escapes.replaceAll("%", ""), "hex").toString();
}

/** Creates metadata without the API's marker symbol, which it doesn't export; only `toString` is ever used. */
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

/** Serializes an entry that the app set; undefined if it is no valid member. */
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

/** Returns an empty string if the metadata can't be serialized: an app may pass anything. */
function serializeMetadata(metadata: BaggageEntryMetadata): string {
  try {
    return propertiesIn(metadata.toString()) ?? "";
  } catch {
    return "";
  }
}

/** Escapes `%` and the characters that a token may not have, as upstream does. */
function encodeKey(key: string): string {
  return encodeText(key).replaceAll("(", "%28").replaceAll(")", "%29");
}

/** Encodes text as `encodeURIComponent`, but for lone surrogates, on which that throws: they become U+FFFD. */
export function encodeText(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString());
}

/** The propagator for W3C baggage. */
export class BaggagePropagator implements TextMapPropagator<unknown> {
  readonly #excludedPrefix: string | undefined;

  /** @param excludedPrefix entries whose key has this prefix are extracted, but not injected. */
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

/** Creates `Baggage` from keys and values, added to the entries of another. */
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

/** Copies the entries of a `Baggage` that another copy of the API created. */
function entriesOf(baggage: Baggage): Map<string, StoredEntry> {
  const entries = new Map<string, StoredEntry>();
  for (const [key, { value, metadata }] of baggage.getAllEntries()) {
    entries.set(key, { value, metadata, text: undefined });
  }
  return entries;
}
