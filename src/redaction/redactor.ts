import type { RedactionConfig } from "../config/config.ts";
import { lazy } from "../lazy.ts";
import type { Warn } from "./patterns.ts";

const loadRedaction = lazy<typeof import("./create-redaction.ts")>("redaction/create-redaction.ts");
const loadAdditions = lazy<typeof import("./additions.ts")>("redaction/additions.ts");

/** Removes secrets from what a pipeline exports. No method throws or modifies its arguments. */
export interface Redactor {
  /** Redacts the secrets within a text. */
  text(text: string): string;
  /** Redacts the value of a field, an attribute or a header: the whole value, or secrets in it. */
  field(name: string, value: unknown): unknown;
  /** Redacts a record of fields. Returns the same object if it has no secrets. */
  attributes<T extends object>(attributes: T): T;
  /** Redacts a record that does not change and that many items have, once. */
  shared<T extends object>(attributes: T): T;
  /** Changes with the policy. */
  readonly version: number;
  /** Adds to the policy what the app names. What is unusable is reported and left out. */
  extend(additions: unknown): void;
}

/** Leaves everything as it is. */
export const noRedactor: Redactor = {
  text: (text) => text,
  field: (_name, value) => value,
  attributes: (attributes) => attributes,
  shared: (attributes) => attributes,
  version: 0,
  extend() {},
};

/**
 * Creates the redactor of all pipelines. The policy is loaded at the first export, and at
 * once if the user has patterns, which may be unusable.
 */
export function createRedactor(config: RedactionConfig | undefined, warn: Warn): Redactor {
  return config === undefined ? withoutPolicy(warn) : new LazyRedactor(config, warn);
}

function withoutPolicy(warn: Warn): Redactor {
  return {
    ...noRedactor,
    extend: () =>
      warn("redaction.off", "addRedaction has no effect, because TELLTALE_REDACT is none"),
  };
}

type Policy = Pick<Redactor, "text" | "field" | "attributes">;

class LazyRedactor implements Redactor {
  #config: RedactionConfig;
  readonly #warn: Warn;
  #policy: Policy | undefined;
  #shared = new WeakMap<object, object>();
  #hasFailed = false;
  version = 0;

  constructor(config: RedactionConfig, warn: Warn) {
    this.#config = config;
    this.#warn = warn;
    if (config.patterns.length + config.exceptionPatterns.length > 0) this.#load();
  }

  text(text: string): string {
    return (this.#policy ?? this.#load()).text(text);
  }

  field(name: string, value: unknown): unknown {
    return (this.#policy ?? this.#load()).field(name, value);
  }

  attributes<T extends object>(attributes: T): T {
    return (this.#policy ?? this.#load()).attributes(attributes);
  }

  shared<T extends object>(attributes: T): T {
    const known = this.#shared.get(attributes) as T | undefined;
    if (known !== undefined) return known;
    const redacted = this.attributes(attributes);
    if (this.#policy !== undefined) this.#shared.set(attributes, redacted);
    return redacted;
  }

  extend(additions: unknown): void {
    const config = loadAdditions().extendConfig(this.#config, additions, this.#warn);
    if (config === this.#config) return;
    this.#config = config;
    this.#policy = undefined;
    this.#shared = new WeakMap();
    this.version++;
  }

  /** Without the policy (no file descriptor or memory left, a deleted package), no text leaves. */
  #load(): Policy {
    try {
      this.#policy = loadRedaction().createRedaction(this.#config, this.#warn);
    } catch (error) {
      this.#hasFailed = true;
      this.#warn(
        "redaction.load",
        `the redaction can't be loaded: ${String(error)} (tried again with the next text, until then all texts are replaced by ${FILTERED})`,
      );
      return withoutTexts;
    }
    if (this.#hasFailed) this.version++;
    this.#hasFailed = false;
    return this.#policy;
  }
}

const FILTERED = "[Filtered]";

/** Replaces everything that may have a secret. */
const withoutTexts: Policy = {
  text: () => FILTERED,
  field: (_name, value) =>
    typeof value === "number" || typeof value === "boolean" ? value : FILTERED,
  attributes: <T extends object>(attributes: T) =>
    Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [name, withoutTexts.field(name, value)]),
    ) as T,
};
