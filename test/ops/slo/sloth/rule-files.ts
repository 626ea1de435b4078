import { parseAllDocuments } from "yaml";

/** A rule of a file, with its expression on one line. */
export interface ParsedRule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface ParsedGroup {
  readonly name: string;
  readonly interval?: string;
  readonly rules: readonly ParsedRule[];
}

/** Parses a file of rules, also several documents in one, as Sloth writes them. */
export function parseRuleFile(text: string): readonly ParsedGroup[] {
  const documents = parseAllDocuments(text).map(
    (document) => document.toJS() as { readonly groups: readonly ParsedGroup[] },
  );
  return documents
    .flatMap(({ groups }) => groups)
    .map((group) => ({
      ...group,
      rules: group.rules.map((rule) => ({ ...rule, expr: onOneLine(rule.expr) })),
    }));
}

/** Removes what only lays an expression out. */
export function onOneLine(expr: string): string {
  return expr.trim().replaceAll(/\s+/g, " ").replaceAll("( ", "(").replaceAll(" )", ")");
}
