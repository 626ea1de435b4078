import type { RedactionConfig } from "../config/config.ts";
import { RecentResults } from "../text.ts";
import { REDACTED } from "../secrets.ts";
import { findAddresses } from "./addresses.ts";
import { isCardNumber } from "./checksums.ts";
import { FieldNames } from "./field-names.ts";
import type { Secret, SecretKind } from "./kinds.ts";
import type { LinearExpression } from "./linear-expression.ts";
import { findSecrets, mayBeSecret, mergeSecrets, replaceSecrets } from "./secret-text.ts";

/** Deeper values are left out. Attributes have at most 64 levels (`logs/value-copier.ts`). */
const MAX_DEPTH = 100;

const MAX_CACHED_LENGTH = 40;
const MAX_CACHED_TEXTS = 1000;

/** The compiled patterns of a configuration. */
export interface Expressions {
  readonly secrets: readonly LinearExpression[];
  readonly exceptions: readonly LinearExpression[];
}

export const NO_EXPRESSIONS: Expressions = { secrets: [], exceptions: [] };

/** A secret that is replaced: within a text, or the value of a field. */
export interface FoundSecret {
  readonly kind: SecretKind;
  /** The names from the outermost field on, with dots between them; empty for a text. */
  readonly path: string;
  /** Where it is in its text; undefined for the whole value of a field. */
  readonly from?: number;
}

/**
 * The policy of secrets, for everything that leaves the process. It replaces the values
 * of fields with the name of a secret (`password`, `apiKey`), and secrets within texts.
 * Values without secrets are returned as they are, others as copies: nothing of the app
 * is modified. Values have to be copies already, without getters and cycles.
 */
export class Redaction {
  readonly #names: FieldNames;
  readonly #options: RedactionConfig;
  readonly #expressions: Expressions;
  /** Whether the form of a text alone does not decide. */
  readonly #isExtended: boolean;
  readonly #onSecret: ((secret: FoundSecret) => void) | undefined;
  readonly #needsPaths: boolean;
  /** Results for short texts, most of which are repeated: messages, names, values of few. */
  readonly #texts = new RecentResults<string>(MAX_CACHED_TEXTS);

  /** @param onSecret learns of each secret, for a dry run. */
  constructor(
    options: RedactionConfig,
    expressions: Expressions,
    onSecret?: (secret: FoundSecret) => void,
  ) {
    this.#options = options;
    this.#expressions = expressions;
    this.#names = new FieldNames(options);
    this.#isExtended =
      options.emailAddresses ||
      options.ipAddresses ||
      expressions.secrets.length + expressions.exceptions.length > 0;
    this.#onSecret = onSecret;
    this.#needsPaths = this.#names.hasPaths || onSecret !== undefined;
  }

  /** Redacts the secrets within a text. */
  text(text: string): string {
    return this.#text(text, "");
  }

  /** Redacts the value of a field, an attribute or a header. */
  field(name: string, value: unknown): unknown {
    return this.#field(name, name, value, 0);
  }

  /** Redacts a record of fields. Returns the same object if it has no secrets. */
  attributes<T extends object>(attributes: T): T {
    let changes: Record<string, unknown> | undefined;
    for (const name of Object.keys(attributes)) {
      const value: unknown = attributes[name as keyof T];
      const redacted = this.#field(name, name, value, 0);
      if (redacted === value) continue;
      // Without a prototype, which a field `__proto__` would set.
      changes ??= Object.create(null) as Record<string, unknown>;
      changes[name] = redacted;
    }
    return changes !== undefined ? { ...attributes, ...changes } : attributes;
  }

  #field(name: string, path: string, value: unknown, depth: number): unknown {
    if (this.#names.isSecret(name, path)) return this.#secretValue(path, value);
    switch (typeof value) {
      case "string":
        return this.#text(value, path);
      case "number":
      case "bigint":
        return this.#number(value, path);
      case "object":
        return value === null ? value : this.#reference(value, path, depth);
      default:
        return value;
    }
  }

  #secretValue(path: string, value: unknown): unknown {
    if (!isSecretValue(value) || this.#isException(value)) return value;
    this.#onSecret?.({ kind: "field", path });
    return REDACTED;
  }

  #text(text: string, path: string): string {
    if (this.#onSecret !== undefined || text.length > MAX_CACHED_LENGTH)
      return this.#redactText(text, path);
    const cached = this.#texts.get(text);
    if (cached !== undefined) return cached;
    const redacted = this.#redactText(text, path);
    this.#texts.set(text, redacted);
    return redacted;
  }

  #redactText(text: string, path: string): string {
    const secrets = this.#find(text);
    if (secrets.length === 0) return text;
    for (const { kind, from } of secrets) this.#onSecret?.({ kind, path, from });
    return replaceSecrets(text, secrets);
  }

  #find(text: string): readonly Secret[] {
    const secrets = findSecrets(text, this.#names.inTexts);
    return this.#isExtended ? this.#findFurther(text, secrets) : secrets;
  }

  /** Adds addresses and what the user's patterns match, and leaves out what an exception matches. */
  #findFurther(text: string, secrets: readonly Secret[]): readonly Secret[] {
    const { exceptions, secrets: expressions } = this.#expressions;
    const kept =
      exceptions.length === 0
        ? secrets
        : secrets.filter(({ from, to }) => !this.#isException(text.slice(from, to)));
    const further: Secret[] = findAddresses(text, this.#options);
    for (const expression of expressions)
      for (const [from, to] of expression.matches(text))
        further.push({ kind: "pattern", from, to });
    return further.length === 0 ? kept : mergeSecrets([...kept, ...further]);
  }

  #isException(value: unknown): boolean {
    const { exceptions } = this.#expressions;
    if (exceptions.length === 0 || typeof value === "object") return false;
    const text = typeof value === "string" ? value : `${value as number | bigint}`;
    return exceptions.some((expression) => expression.test(text));
  }

  #number(value: number | bigint, path: string): unknown {
    const { secrets: expressions } = this.#expressions;
    if (expressions.length === 0 && value < MIN_CARD_NUMBER) return value;
    const text = String(value);
    const isCard = isCardNumber(text) && !this.#isException(text);
    if (!isCard && !expressions.some(({ matches }) => matches(text).length > 0)) return value;
    this.#onSecret?.({ kind: isCard ? "card number" : "pattern", path });
    return REDACTED;
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
      const inner = this.#needsPaths ? `${path}.${name}` : "";
      const redacted = this.#field(name, inner, value, depth);
      if (redacted === value) continue;
      copy ??= { ...map };
      copy[name] = redacted;
    }
    return copy ?? map;
  }
}

/** The number of a card has at least 13 digits, and none begins with 0. */
const MIN_CARD_NUMBER = 1e12;

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
