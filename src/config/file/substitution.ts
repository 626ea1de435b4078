/** The text of a scalar after substitution. */
export interface Substituted {
  readonly text: string;
  /** The names of the variables that the text refers to. */
  readonly names: readonly string[];
  /** The first reference that is malformed, as it is in the file. */
  readonly malformed: string | undefined;
}

/** Returns the value of an environment variable; undefined if it is unset. */
export type VariableLookup = (name: string) => string | undefined;

const NAME = /^[A-Za-z_][A-Za-z\d_]*$/;

/**
 * Replaces `${NAME}`, `${env:NAME}` and `${NAME:-default}` by values of variables, and
 * `$$` by a dollar. What was replaced is not read again. An unset or empty variable
 * without a default is the empty text.
 *
 * https://opentelemetry.io/docs/specs/otel/configuration/data-model/#environment-variable-substitution
 */
export function substitute(source: string, lookup: VariableLookup): Substituted {
  const names: string[] = [];
  let malformed: string | undefined;
  let text = "";
  let at = 0;
  while (at < source.length) {
    const dollar = source.indexOf("$", at);
    if (dollar < 0) break;
    text += source.slice(at, dollar);
    const end = source[dollar + 1] === "{" ? source.indexOf("}", dollar) : -1;
    if (end < 0) {
      text += "$";
      at = dollar + (source[dollar + 1] === "$" ? 2 : 1);
      continue;
    }
    const reference = parseReference(source.slice(dollar + 2, end));
    if (reference === undefined) malformed ??= source.slice(dollar, end + 1);
    else {
      names.push(reference.name);
      text += lookup(reference.name) || reference.fallback;
    }
    at = end + 1;
  }
  return { text: text + source.slice(at), names, malformed };
}

/** Parses what is between the braces. */
function parseReference(
  content: string,
): { readonly name: string; readonly fallback: string } | undefined {
  const inner = content.startsWith("env:") ? content.slice("env:".length) : content;
  const separator = inner.indexOf(":-");
  const name = separator < 0 ? inner : inner.slice(0, separator);
  const fallback = separator < 0 ? "" : inner.slice(separator + 2);
  return NAME.test(name) && !fallback.includes("\n") ? { name, fallback } : undefined;
}
