import type { Environment } from "../env.ts";
import type { ConfigIssue, ValueIssue } from "./issue.ts";
import { formatMasked } from "./mask.ts";
import { closest } from "./suggest.ts";
import { formatValue, type Variable, variables } from "./variables.ts";

/** Reads the variables of the table from an environment, and collects the issues. */
export class EnvironmentReader {
  readonly #environment: Environment;
  readonly #places: ReadonlyMap<string, string>;
  readonly #issues = new Map<string, ConfigIssue>();

  /** @param places where variables are set in a file; the others are of the environment. */
  constructor(environment: Environment, places: ReadonlyMap<string, string> = new Map()) {
    this.#environment = environment;
    this.#places = places;
  }

  /** The issues in the order of detection, without duplicates. */
  get issues(): readonly ConfigIssue[] {
    return [...this.#issues.values()];
  }

  /** Whether the variable is set, to whatever value. */
  has(variable: Variable): boolean {
    return this.#environment.has(variable.name);
  }

  /** Returns the text of a variable that is not in the table: of a platform. */
  text(name: string): string | undefined {
    return this.#environment.get(name);
  }

  /**
   * Returns the variable's value, or its fallback.
   *
   * @param usedInstead the value that the report names as used in place of an invalid
   *   one. Default: the table's default.
   */
  read<T>(variable: Variable<T>, usedInstead?: string): T {
    const text = this.#environment.get(variable.name);
    if (text === undefined) return variable.fallback;
    const issues: ValueIssue[] = [];
    const value = variable.valueType.parse(text, (issue) => issues.push(issue));
    const used =
      value === undefined
        ? (usedInstead ?? variable.default).replaceAll("`", "")
        : formatValue(value);
    for (const issue of issues) this.#add(variable, text, used, issue);
    return value ?? variable.fallback;
  }

  /** Reports a value that is valid by itself but can't be used. */
  report(variable: Variable, issue: ValueIssue & { readonly used: string }): void {
    const text = this.#environment.get(variable.name) ?? "";
    this.#add(variable, text, issue.used, issue);
  }

  /** Reports standard variables without effect, and probable misspellings of known names. */
  checkNames(): void {
    const known = new Map(variables.map((variable) => [variable.name, variable]));
    for (const name of this.#environment.keys()) {
      const reason = known.get(name)?.unsupported;
      if (reason !== undefined) {
        this.#issues.set(name, { kind: "unsupported", variable: name, reason });
      } else if (!known.has(name)) {
        this.#checkSpelling(name, known.keys());
      }
    }
  }

  /** Other tools use these prefixes too, so only a probable misspelling is an issue. */
  #checkSpelling(name: string, known: Iterable<string>): void {
    const suggestion = closest(name, known, MAX_EDITS);
    if (suggestion === undefined) return;
    this.#issues.set(name, { kind: "misspelt", variable: name, suggestion });
  }

  #add(variable: Variable, text: string, used: string, issue: ValueIssue): void {
    const configIssue: ConfigIssue = {
      kind: "invalid",
      variable: this.#places.get(variable.name) ?? variable.name,
      received: issue.received ?? (variable.valueType.format ?? formatMasked)(text),
      expected: issue.expected,
      suggestion: issue.suggestion,
      used: issue.used ?? used,
    };
    const { received, expected } = configIssue;
    this.#issues.set(`${variable.name} ${received} ${expected}`, configIssue);
  }
}

const MAX_EDITS = 2;
