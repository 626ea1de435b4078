import type { RedactionConfig } from "../config/config.ts";
import { lazy } from "../lazy.ts";

const loadRedaction = lazy<typeof import("./redaction.ts")>("redaction/redaction.ts");

/** Removes secrets from what a pipeline exports. No method throws or modifies its arguments. */
export interface Redactor {
  /** Redacts the secrets within a text. */
  text(text: string): string;
  /** Redacts the value of a field, an attribute or a header: the whole value, or secrets in it. */
  field(name: string, value: unknown): unknown;
  /** Redacts a record of fields. Returns the same object if it has no secrets. */
  attributes<T extends object>(attributes: T): T;
}

/** Leaves everything as it is. */
export const noRedactor: Redactor = {
  text: (text) => text,
  field: (_name, value) => value,
  attributes: (attributes) => attributes,
};

/** Creates the redactor of all pipelines. The policy is loaded at the first export. */
export function createRedactor(config: RedactionConfig | undefined): Redactor {
  if (config === undefined) return noRedactor;
  let redactor: Redactor | undefined;
  const load = (): Redactor => (redactor ??= new (loadRedaction().Redaction)(config));
  return {
    text: (text) => load().text(text),
    field: (name, value) => load().field(name, value),
    attributes: (attributes) => load().attributes(attributes),
  };
}
