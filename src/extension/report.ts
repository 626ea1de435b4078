import { describeThrown } from "../files/app-module.ts";
import { isThenable } from "../thenable.ts";
import { kindOf } from "./values.ts";

/** Logs one line; a line of the same key at most once a minute. */
export type ReportLine = (key: string, line: string) => void;

/** Reports what is wrong with an extension, without any of its values. */
export class ExtensionReport {
  readonly #source: string;
  readonly #log: ReportLine;

  /** @param source the variable or the file that names the module. */
  constructor(source: string, log: ReportLine) {
    this.#source = source;
    this.#log = log;
  }

  /** Reports that the module can't be used at all. */
  failed(reason: string): void {
    this.#write("module", `the module can't be used: ${reason}; telltale runs without it`);
  }

  /** Reports that the module exports something else than a configuration. */
  unusable(received: unknown, expected: string): void {
    this.#write(
      "module",
      `received ${kindOf(received)}, expected ${expected}; telltale runs without it`,
    );
  }

  /** Reports a key or an entry of a list. */
  invalid(place: string, received: string, expected: string, used: string): void {
    this.#write(place, `${place}: received ${received}, expected ${expected}; ${used}`);
  }

  /** Reports an unknown key. */
  unknown(key: string, suggestion: string | undefined): void {
    const hint = suggestion === undefined ? "" : `, did you mean ${suggestion}?`;
    this.#write(`unknown ${key}`, `unknown key ${key}${hint}; it is ignored`);
  }

  /** Reports a key that has no effect. */
  ignored(key: string, reason: string): void {
    this.#write(`ignored ${key}`, `${key} has no effect: ${reason}`);
  }

  /**
   * Calls a function of the app. What it throws, or rejects with, is reported once a
   * minute for each function, and reaches no caller.
   *
   * @param what the function, for the message.
   * @param instead what happens without its result, for the message.
   * @returns the result; undefined if it throws.
   */
  guard<Result>(what: string, instead: string, work: () => Result): Result | undefined {
    try {
      const result = work();
      if (isThenable(result))
        void Promise.resolve(result).catch((error: unknown) => this.thrown(what, instead, error));
      return result;
    } catch (error) {
      this.thrown(what, instead, error);
      return undefined;
    }
  }

  thrown(what: string, instead: string, error: unknown): void {
    this.#write(`throws ${what}`, `${what} threw ${describeThrown(error)}; ${instead}`);
  }

  /** Reports an invalid result of a function of the app. */
  badResult(what: string, received: string, expected: string, used: string): void {
    this.#write(`result ${what}`, `${what} returned ${received}, expected ${expected}; ${used}`);
  }

  #write(key: string, text: string): void {
    this.#log(`extension.${key}`, `${this.#source}: ${text}`);
  }
}
