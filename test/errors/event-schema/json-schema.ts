/** A JSON Schema. Its keywords are those of draft 7. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** Properties whose names end in `?` are optional. */
type Properties = Readonly<Record<string, JsonSchema>>;

export const anything: JsonSchema = {};
export const boolean: JsonSchema = { type: "boolean" };
export const number: JsonSchema = { type: "number" };
/** An integer that is not negative. */
export const count: JsonSchema = { type: "integer", minimum: 0 };
/** An object with any entries. */
export const record: JsonSchema = { type: "object" };

/** @param maxLength in code points, as Relay counts. */
export function text(maxLength?: number, pattern?: string): JsonSchema {
  return {
    type: "string",
    ...(maxLength !== undefined && { maxLength }),
    ...(pattern !== undefined && { pattern }),
  };
}

export function oneOf(...values: readonly string[]): JsonSchema {
  return { enum: values };
}

export function either(...schemas: readonly JsonSchema[]): JsonSchema {
  return { anyOf: schemas };
}

export function listOf(items: JsonSchema, limits: JsonSchema = {}): JsonSchema {
  return { type: "array", items, ...limits };
}

/** An object whose entries are all alike. */
export function mapOf(values: JsonSchema, names: JsonSchema = {}): JsonSchema {
  return { type: "object", additionalProperties: values, propertyNames: names };
}

/** An object with these properties, and no others unless `others` allows them. */
export function object(properties: Properties, others: JsonSchema | false = false): JsonSchema {
  const entries = Object.entries(properties);
  return {
    type: "object",
    required: entries.map(([name]) => name).filter((name) => !name.endsWith("?")),
    properties: Object.fromEntries(
      entries.map(([name, schema]) => [name.replace(/\?$/, ""), schema]),
    ),
    additionalProperties: others,
  };
}
