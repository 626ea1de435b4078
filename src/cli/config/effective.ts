import type { FileParts } from "../../config/config.ts";
import { maskAddress } from "../../config/mask.ts";
import type { ParsedConfig } from "../../config/parse.ts";
import { type Variable, variables } from "../../config/variables.ts";
import type { Environment } from "../../env.ts";

/** The value of a setting, and where it is from. */
export interface Effective {
  /** A variable, or a part of the file that no variable can express. */
  readonly name: string;
  readonly group: string;
  /** Secrets are masked. */
  readonly value: string;
  readonly source: "default" | "variable" | "file";
  /** Where in the file: `otel.yaml:12: tracer_provider.sampler`. */
  readonly place: string | undefined;
  /** Whether another value is set, and can't be used. */
  readonly isReplaced: boolean;
}

/** Returns the effective value of every variable, in the order of docs/variables.md, and the parts of the file. */
export function effectiveValues({ file }: ParsedConfig, environment: Environment): Effective[] {
  const texts = file?.environment ?? environment;
  const rows = variables.filter(({ unsupported }) => unsupported === undefined);
  return [
    ...rows.map((variable) =>
      effectiveValue(variable, texts.get(variable.name), file?.places.get(variable.name)),
    ),
    ...(file?.exporters ?? []).flatMap(({ signal, environment: own, places }, index) =>
      rows
        .filter(({ name }) => own.has(name))
        .map((variable) => ({
          ...effectiveValue(variable, own.get(variable.name), places.get(variable.name)),
          group: `Further exporter ${index + 1}: ${signal}`,
        })),
    ),
    ...Object.keys(file?.parts ?? {}).map((name): Effective => ({
      name,
      group: "Only in the file",
      value: JSON.stringify(file?.parts[name as keyof FileParts]),
      source: "file",
      place: file?.partPlaces.get(name),
      isReplaced: false,
    })),
  ];
}

function effectiveValue(
  variable: Variable,
  text: string | undefined,
  place: string | undefined,
): Effective {
  const { name, group, default: words } = variable;
  const isValid = text !== undefined && variable.valueType.parse(text, () => {}) !== undefined;
  const common = { name, group, isReplaced: text !== undefined && !isValid };
  if (!isValid)
    return { ...common, value: words.replaceAll("`", ""), source: "default", place: undefined };
  const source = place === undefined ? "variable" : "file";
  return { ...common, value: shown(variable, text), source, place };
}

/** Formats a value for a reader, as a whole and without secrets. */
function shown({ valueType: { format } }: Variable, text: string): string {
  if (format !== undefined) return format(text).replace(/^"(.*)"$/, "$1");
  return text.includes("://") || text.includes("@") ? maskAddress(text) : text;
}
