import type { Environment } from "../env.ts";
import type { Complaint, Problem } from "./problem.ts";
import { shownText } from "./mask.ts";
import { slipped } from "./nearest.ts";
import { shown, type Variable, variables } from "./variables.ts";

/** Takes the variables of the table out of an environment and collects what is wrong. */
export class Reader {
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
   * @param instead what the report says is used for a value that is no good; by
   * default the table's default.
   */
  read<T>(variable: Variable<T>, instead?: string): T {
    const text = this.#environment.get(variable.name);
    if (text === undefined) return variable.fallback;
    const complaints: Complaint[] = [];
    const value = variable.kind.parse(text, (complaint) => complaints.push(complaint));
    const used =
      value === undefined ? (instead ?? variable.default).replaceAll("`", "") : shown(value);
    for (const complaint of complaints) this.#add(variable, text, used, complaint);
    return value ?? variable.fallback;
  }

  /** A value that was read well and can't be used all the same. */
  complain(variable: Variable, complaint: Complaint & { readonly used: string }): void {
    const text = this.#environment.get(variable.name) ?? "";
    this.#add(variable, text, complaint.used, complaint);
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
    const meant = slipped(name, known, SLIPS);
    if (meant === undefined) return;
    this.#problems.set(name, { kind: "misspelt", variable: name, nearest: meant });
  }

  #add(variable: Variable, text: string, used: string, complaint: Complaint): void {
    const problem: Problem = {
      kind: "invalid",
      variable: variable.name,
      received: complaint.received ?? (variable.kind.show ?? shownText)(text),
      expected: complaint.expected,
      nearest: complaint.nearest,
      used: complaint.used ?? used,
    };
    this.#problems.set(`${variable.name} ${problem.received} ${problem.expected}`, problem);
  }
}

const SLIPS = 2;
