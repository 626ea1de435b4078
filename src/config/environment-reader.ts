import type { Environment } from "../env.ts";
import type { Issue, Problem } from "./problem.ts";
import { formatMasked } from "./mask.ts";
import { closest } from "./suggest.ts";
import { formatValue, type Variable, variables } from "./variables.ts";

/** Takes the variables of the table out of an environment and collects what is wrong. */
export class EnvironmentReader {
  readonly #environment: Environment;
  readonly #problems = new Map<string, Problem>();

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** In the order in which they were found, each once. */
  get problems(): readonly Problem[] {
    return [...this.#problems.values()];
  }

  /** Set, whatever to. */
  has(variable: Variable): boolean {
    return this.#environment.has(variable.name);
  }

  /**
   * The variable's value, or its fallback.
   *
   * @param usedInstead what the report says is used for a value that is no good; by
   * default the table's default.
   */
  read<T>(variable: Variable<T>, usedInstead?: string): T {
    const text = this.#environment.get(variable.name);
    if (text === undefined) return variable.fallback;
    const issues: Issue[] = [];
    const value = variable.valueType.parse(text, (issue) => issues.push(issue));
    const used =
      value === undefined
        ? (usedInstead ?? variable.default).replaceAll("`", "")
        : formatValue(value);
    for (const issue of issues) this.#add(variable, text, used, issue);
    return value ?? variable.fallback;
  }

  /** A value that was read well and can't be used all the same. */
  report(variable: Variable, issue: Issue & { readonly used: string }): void {
    const text = this.#environment.get(variable.name) ?? "";
    this.#add(variable, text, issue.used, issue);
  }

  /** Standard variables that are set and have no effect, and names that are a slip away from ours. */
  checkNames(): void {
    const known = new Map(variables.map((variable) => [variable.name, variable]));
    for (const name of this.#environment.keys()) {
      const reason = known.get(name)?.unsupported;
      if (reason !== undefined) {
        this.#problems.set(name, { kind: "unsupported", variable: name, reason });
      } else if (!known.has(name)) {
        this.#checkSpelling(name, known.keys());
      }
    }
  }

  /** Other tools have variables of their own in these namespaces: only a near miss is a fault. */
  #checkSpelling(name: string, known: Iterable<string>): void {
    const suggestion = closest(name, known, MAX_EDITS);
    if (suggestion === undefined) return;
    this.#problems.set(name, { kind: "misspelt", variable: name, suggestion });
  }

  #add(variable: Variable, text: string, used: string, issue: Issue): void {
    const problem: Problem = {
      kind: "invalid",
      variable: variable.name,
      received: issue.received ?? (variable.valueType.format ?? formatMasked)(text),
      expected: issue.expected,
      suggestion: issue.suggestion,
      used: issue.used ?? used,
    };
    this.#problems.set(`${variable.name} ${problem.received} ${problem.expected}`, problem);
  }
}

const MAX_EDITS = 2;
