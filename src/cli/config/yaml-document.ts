import { Document, Scalar } from "yaml";

/** A value of a configuration file. Undefined: the key has no value. */
export type YamlValue =
  | string
  | number
  | boolean
  | undefined
  | Reference
  | readonly YamlValue[]
  | { readonly [key: string]: YamlValue };

/** A text that refers to variables: `${OTEL_EXPORTER_OTLP_HEADERS}`. */
export class Reference {
  readonly text: string;

  constructor(...names: readonly string[]) {
    this.text = names.map((name) => `\${${name}}`).join(",");
  }
}

/** Formats a configuration file. A dollar of a text is doubled, as it begins a reference. */
export function formatYaml(value: YamlValue): string {
  const document = new Document(plain(value));
  return document.toString({ lineWidth: 0, nullStr: "" });
}

function plain(value: YamlValue): unknown {
  if (value instanceof Reference) return quoted(value.text);
  if (typeof value === "string")
    return value.includes("$") ? quoted(value.replaceAll("$", "$$$$")) : value;
  if (typeof value !== "object") return value ?? null;
  if (Array.isArray(value)) return (value as readonly YamlValue[]).map(plain);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

/** Returns a scalar in quotes, whose text is no number after a substitution. */
function quoted(text: string): Scalar {
  const scalar = new Scalar(text);
  scalar.type = Scalar.QUOTE_DOUBLE;
  return scalar;
}
