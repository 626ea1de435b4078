import type { TraceState } from "@opentelemetry/api";
import { skipBlanks, trimBlanks } from "./white-space.ts";

/** Limits of https://www.w3.org/TR/trace-context-2/#tracestate-header */
const MAX_MEMBERS = 32;
const MAX_KEY = 256;
const MAX_VALUE = 256;

/** Members longer than this are dropped first if the list is too long for a header. */
const LONG_MEMBER = 128;

/**
 * The longest header to inject: 32 members of 128 characters and their commas.
 * The specification asks for at least 512. Servers reject requests whose headers
 * exceed 8 or 16 kB, and a caller must not be able to make the app's own
 * requests fail in this way.
 */
const MAX_SENT = MAX_MEMBERS * (LONG_MEMBER + 1) - 1;

/** Twice the longest legal list, to allow for white space. Longer headers are ignored. */
const MAX_READ = 2 * MAX_MEMBERS * (MAX_KEY + 1 + MAX_VALUE + 1);

interface Member {
  readonly key: string;
  readonly value: string;
}

/**
 * Reads a `tracestate` header (one string, or an array of several) as the API's
 * `TraceState`; undefined if it is empty. It is parsed at the first access; a
 * list that breaks a rule is then empty.
 */
export function readTraceState(header: unknown): TraceStateImpl | undefined {
  const text = typeof header === "string" ? header : joinHeaders(header);
  return text === undefined || text === "" || text.length > MAX_READ
    ? undefined
    : new TraceStateImpl(text);
}

/** Joins several fields of one name by commas, in their order (RFC 9110, 5.3). */
function joinHeaders(headers: unknown): string | undefined {
  if (!Array.isArray(headers) || headers.length > MAX_READ) return undefined;
  let text = "";
  for (const header of headers) {
    if (typeof header !== "string" || text.length + header.length > MAX_READ) return undefined;
    text = text === "" ? header : `${text},${header}`;
  }
  return text;
}

/**
 * An immutable `TraceState`, the most recent member first. Unless it is changed,
 * the received header is injected again, without empty members and the white
 * space around members. Of a repeated key the first (latest) member is kept.
 */
export class TraceStateImpl implements TraceState {
  readonly #receivedHeader: string;
  #members: readonly Member[] | undefined;
  #serialized: string | undefined = undefined;

  constructor(received: string, members?: readonly Member[]) {
    this.#receivedHeader = received;
    this.#members = members;
  }

  get(key: string): string | undefined {
    for (const member of this.#list()) {
      if (member.key === key) return member.value;
    }
    return undefined;
  }

  /**
   * Returns the list with this member in front; the same list if key or value are
   * illegal. A 33rd member is dropped.
   */
  set(key: string, value: string): TraceStateImpl {
    if (!isKey(key) || !isValue(value)) return this;
    const others = this.#list().filter((member) => member.key !== key);
    return new TraceStateImpl("", [{ key, value }, ...others.slice(0, MAX_MEMBERS - 1)]);
  }

  unset(key: string): TraceStateImpl {
    if (this.get(key) === undefined) return this;
    return new TraceStateImpl(
      "",
      this.#list().filter((member) => member.key !== key),
    );
  }

  /** Returns the header to inject; empty without members. */
  serialize(): string {
    this.#serialized ??= serializeMembers(this.#list(), this.#receivedHeader);
    return this.#serialized;
  }

  #list(): readonly Member[] {
    this.#members ??= membersOf(this.#receivedHeader);
    return this.#members;
  }
}

const NO_MEMBERS: readonly Member[] = [];

const COMMA = 0x2c;
const EQUALS = 0x3d;
const SPACE = 0x20;

/** Parses a received list; returns no members if any of it is illegal. */
function membersOf(received: string): readonly Member[] {
  const members: Member[] = [];
  let count = 0;
  for (let at = 0; at < received.length;) {
    const comma = received.indexOf(",", at);
    const end = comma === -1 ? received.length : comma;
    const start = skipBlanks(received, at, end);
    at = end + 1;
    if (start === end) continue;
    const member = memberIn(received, start, trimBlanks(received, start, end));
    if (member === undefined || ++count > MAX_MEMBERS) return NO_MEMBERS;
    if (!members.some((earlier) => earlier.key === member.key)) members.push(member);
  }
  return members;
}

function memberIn(text: string, start: number, end: number): Member | undefined {
  const equals = text.indexOf("=", start);
  if (equals === -1 || equals >= end || equals - start > MAX_KEY || end - equals - 1 > MAX_VALUE) {
    return undefined;
  }
  const key = text.slice(start, equals);
  const value = text.slice(equals + 1, end);
  return isKey(key) && isValue(value) ? { key, value } : undefined;
}

/** Checks a key: a letter or digit, then up to 255 key characters. Level 2 has no tenants and systems. */
function isKey(key: string): boolean {
  if (typeof key !== "string" || key.length === 0 || key.length > MAX_KEY) return false;
  if (!isAlphanumeric(key.charCodeAt(0))) return false;
  for (let at = 1; at < key.length; at++) {
    if (!isKeyCharacter(key.charCodeAt(at))) return false;
  }
  return true;
}

/** Checks for `a`-`z` and `0`-`9`. */
function isAlphanumeric(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39);
}

/** Checks for `a`-`z`, `0`-`9`, `_`, `-`, `*`, `/` and `@`. */
function isKeyCharacter(code: number): boolean {
  return (
    isAlphanumeric(code) ||
    code === 0x5f ||
    code === 0x2d ||
    code === 0x2a ||
    code === 0x2f ||
    code === 0x40
  );
}

/** Checks a value: printable ASCII without `,` and `=`, not ending in a space. */
function isValue(value: string): boolean {
  if (typeof value !== "string" || value.length === 0 || value.length > MAX_VALUE) return false;
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if (code < SPACE || code > 0x7e || code === COMMA || code === EQUALS) return false;
  }
  return value.charCodeAt(value.length - 1) !== SPACE;
}

/** Serializes the list, shortened by whole members: long ones first, from the end. */
function serializeMembers(members: readonly Member[], received: string): string {
  const length = lengthOf(members);
  if (length > MAX_SENT) return serializeMembers(dropLongMembers(members, length), "");
  // Nothing was trimmed, dropped or changed: the received string is the result.
  if (length === received.length) return received;
  return members.map(({ key, value }) => `${key}=${value}`).join(",");
}

function lengthOf(members: readonly Member[]): number {
  let length = members.length === 0 ? 0 : members.length - 1;
  for (const member of members) length += lengthOfMember(member);
  return length;
}

function lengthOfMember({ key, value }: Member): number {
  return key.length + 1 + value.length;
}

function dropLongMembers(members: readonly Member[], length: number): readonly Member[] {
  const kept = [...members];
  let remaining = length;
  for (let at = kept.length - 1; at >= 0 && remaining > MAX_SENT; at--) {
    const size = lengthOfMember(kept[at] as Member);
    if (size <= LONG_MEMBER) continue;
    kept.splice(at, 1);
    remaining -= size + 1;
  }
  return kept;
}
