import { formatMasked, quote } from "../../config/mask.ts";
import type { Environment } from "../../env.ts";
import type { CommandArguments } from "../arguments.ts";
import type { Mask } from "./auth-token.ts";

/** A text, with the option or variable that it comes from. */
export interface Setting {
  readonly name: string;
  readonly text: string;
}

/** Returns undefined for an invalid text. */
export type Parse<T> = (text: string) => T | undefined;

/** Reads options, and the variables that replace them, and collects what is wrong. */
export class OptionReader {
  /** One line each. */
  readonly problems: string[];
  /** Values that are used in another form, or not at all, one line each. */
  readonly notes: string[] = [];
  readonly #args: CommandArguments;
  readonly #environment: Environment;
  readonly #mask: Mask;

  constructor(args: CommandArguments, environment: Environment, mask: Mask) {
    this.problems = args.problems.map(mask);
    this.#args = args;
    this.#environment = environment;
    this.#mask = mask;
  }

  /** Whether the option is set, to whatever text. */
  has(option: string): boolean {
    return this.#args.texts.has(option);
  }

  /** Returns the last text of an option, or that of a variable. */
  setting(option: string, variable?: string): Setting | undefined {
    return this.settings(option, variable).at(-1);
  }

  /** Returns all texts of an option, or that of a variable. */
  settings(option: string, variable?: string): Setting[] {
    const texts = this.#args.texts.get(option);
    if (texts !== undefined) return texts.map((text) => ({ name: `--${option}`, text }));
    const setting = variable === undefined ? undefined : this.variable(variable);
    return setting === undefined ? [] : [setting];
  }

  variable(name: string): Setting | undefined {
    const text = this.#environment.get(name);
    return text === undefined ? undefined : { name, text };
  }

  /** Parses a text, and reports an invalid one. */
  read<T>(setting: Setting | undefined, expected: string, parse: Parse<T>): T | undefined {
    if (setting === undefined) return undefined;
    const { name, text } = setting;
    const hasToken = this.#mask(text) !== text;
    const value = hasToken ? undefined : parse(text);
    if (value === undefined) {
      const reason = hasToken ? "a text without an auth token" : expected;
      this.problems.push(`${name}: received ${this.#quote(text)}, expected ${reason}`);
    }
    return value;
  }

  /** Reports that a text is not used as it is. */
  note({ name, text }: Setting, expected: string, used: string): void {
    const received = this.#quote(text);
    this.notes.push(`${name}: received ${received}, expected ${expected}; using ${quote(used)}`);
  }

  /** Masks tokens before it truncates. */
  #quote(text: string): string {
    const masked = this.#mask(text);
    return masked.includes("://") ? formatMasked(masked) : quote(masked);
  }
}
