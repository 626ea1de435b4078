import { isSecretField, REDACTED } from "../secrets.ts";
import { redactAddresses } from "./addresses.ts";
import { isCardNumber } from "./checksums.ts";
import type { RedactionConfig } from "../config/config.ts";
import { mayBeSecret, redactText } from "./secret-text.ts";

/** Deeper values are left out. Attributes have at most 64 levels (`logs/value-copier.ts`). */
const MAX_DEPTH = 100;

const MAX_CACHED_LENGTH = 40;
const MAX_CACHED_TEXTS = 1000;

/**
 * The policy of secrets, for everything that leaves the process. It replaces the values
 * of fields with the name of a secret (`password`, `apiKey`), and secrets within texts.
 * Values without secrets are returned as they are, others as copies: nothing of the app
 * is modified. Values have to be copies already, without getters and cycles.
 */
export class Redaction {
  readonly #added: ReadonlySet<string>;
  readonly #removed: ReadonlySet<string>;
  readonly #paths: ReadonlySet<string>;
  readonly #hidesAddresses: boolean;
  readonly #options: RedactionConfig;
  /** Results for short texts, most of which are repeated: messages, names, values of few. */
  readonly #texts = new Map<string, string>();

  constructor(options: RedactionConfig) {
    this.#options = options;
    this.#added = new Set(options.fields.filter((name) => !name.includes(".")).map(normalized));
    this.#paths = new Set(options.fields.filter((name) => name.includes(".")));
    this.#removed = new Set(options.exceptions.map(normalized));
    this.#hidesAddresses = options.emailAddresses || options.ipAddresses;
  }

  /** Redacts the secrets within a text. */
  text(text: string): string {
    if (text.length > MAX_CACHED_LENGTH) return this.#redactText(text);
    const cached = this.#texts.get(text);
    if (cached !== undefined) return cached;
    const redacted = this.#redactText(text);
    if (this.#texts.size >= MAX_CACHED_TEXTS) this.#texts.clear();
    this.#texts.set(text, redacted);
    return redacted;
  }

  #redactText(text: string): string {
    const redacted = redactText(text);
    return this.#hidesAddresses ? redactAddresses(redacted, this.#options) : redacted;
  }

  /** Redacts the value of a field, an attribute or a header. */
  field(name: string, value: unknown): unknown {
    return this.#field(name, name, value, 0);
  }

  /** Redacts a record of fields. Returns the same object if it has no secrets. */
  attributes<T extends object>(attributes: T): T {
    const changes: Record<string, unknown> = {};
    let hasChanges = false;
    for (const [name, value] of Object.entries(attributes)) {
      const redacted = this.#field(name, name, value, 0);
      if (redacted === value) continue;
      changes[name] = redacted;
      hasChanges = true;
    }
    return hasChanges ? { ...attributes, ...changes } : attributes;
  }

  #field(name: string, path: string, value: unknown, depth: number): unknown {
    if (this.#isSecret(name, path)) return isSecretValue(value) ? REDACTED : value;
    switch (typeof value) {
      case "string":
        return this.text(value);
      case "number":
        return isCardNumber(String(value)) ? REDACTED : value;
      case "object":
        return value === null ? value : this.#reference(value, path, depth);
      default:
        return value;
    }
  }

  #isSecret(name: string, path: string): boolean {
    if (this.#paths.size > 0 && this.#paths.has(path)) return true;
    if (this.#added.size === 0 && this.#removed.size === 0) return isSecretField(name);
    const plain = normalized(name);
    return this.#added.has(plain) || (isSecretField(name) && !this.#removed.has(plain));
  }

  #reference(value: object, path: string, depth: number): unknown {
    if (depth >= MAX_DEPTH) return null;
    if (Array.isArray(value)) return this.#list(value, path, depth + 1);
    return isMap(value) ? this.#map(value, path, depth + 1) : value;
  }

  #list(list: readonly unknown[], path: string, depth: number): readonly unknown[] {
    let copy: unknown[] | undefined;
    for (const [at, value] of list.entries()) {
      const redacted = this.#field("", path, value, depth);
      if (redacted !== value) (copy ??= [...list])[at] = redacted;
    }
    return copy ?? list;
  }

  #map(map: Readonly<Record<string, unknown>>, path: string, depth: number): unknown {
    let copy: Record<string, unknown> | undefined;
    for (const name of Object.keys(map)) {
      const value = map[name];
      const redacted = this.#field(name, `${path}.${name}`, value, depth);
      if (redacted === value) continue;
      copy ??= { ...map };
      copy[name] = redacted;
    }
    return copy ?? map;
  }
}

/** Whether a value can be a secret: a flag such as `hasPassword: true` and an index cannot. */
function isSecretValue(value: unknown): boolean {
  switch (typeof value) {
    case "string":
      return mayBeSecret(value);
    case "number":
      return Math.abs(value) > MAX_INDEX;
    case "object":
      return value !== null;
    default:
      return typeof value === "bigint";
  }
}

const MAX_INDEX = 99;

function isMap(value: object): value is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Spells a name the same way for `nationalId`, `national_id` and `National-ID`. */
function normalized(name: string): string {
  return name.toLowerCase().replace(/[^a-z\d]/g, "");
}
