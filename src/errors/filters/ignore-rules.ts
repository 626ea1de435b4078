import type { Event, EventHint } from "@sentry/core";
import type { ErrorPattern, ErrorsConfig } from "../../config/config.ts";
import { quote } from "../../config/mask.ts";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";
import { lazy } from "../../lazy.ts";
import { isObject, readProperty } from "../readable-error.ts";

const loadLinearExpression = lazy<typeof import("../../redaction/linear-expression.ts")>(
  "redaction/linear-expression.ts",
);

/** Longer texts are cut off before they are tested. */
const MAX_TEXT_LENGTH = 1_000;

/** Maximum number of causes whose codes are read. */
const MAX_CAUSES = 5;

/**
 * The errors and routes that are not reported: `TELLTALE_IGNORE_ERRORS` and
 * `TELLTALE_IGNORE_TRANSACTIONS`.
 */
export class IgnoreRules {
  readonly #errors: readonly ErrorRule[];
  readonly #transactions: readonly string[];

  constructor(
    { ignoreErrors, ignoreTransactions }: Pick<ErrorsConfig, "ignoreErrors" | "ignoreTransactions">,
    diagnostics: Diagnostics,
  ) {
    this.#errors = ignoreErrors
      .map((pattern) => errorRuleOf(pattern, diagnostics))
      .filter((rule) => rule !== undefined);
    this.#transactions = ignoreTransactions;
  }

  /** Whether any routes are ignored. */
  get hasTransactions(): boolean {
    return this.#transactions.length > 0;
  }

  /** Whether an event is of an ignored error: by its message or class as in Sentry, or by a code. */
  ignoresError(event: Event, { originalException }: EventHint): boolean {
    return this.#errors.length > 0 && this.#matches(textsOf(event), codesOf(originalException));
  }

  /**
   * Whether an error is certain to be ignored. This takes a few microseconds, in contrast
   * to its event: expected errors may be many.
   */
  ignoresThrown(thrown: unknown): boolean {
    if (this.#errors.length === 0 || !isObject(thrown)) return false;
    const [name, message] = [readProperty(thrown, "name"), readProperty(thrown, "message")];
    if (typeof name !== "string" || typeof message !== "string") return false;
    return this.#matches([message, `${name}: ${message}`], codesOf(thrown));
  }

  #matches(texts: readonly string[], codes: readonly string[]): boolean {
    return this.#errors.some(
      ({ matchesText, matchesCode }) => texts.some(matchesText) || codes.some(matchesCode),
    );
  }

  /** @param name method and route, as in `GET /users/:id`. */
  ignoresTransaction(name: string | undefined): boolean {
    if (name === undefined || this.#transactions.length === 0) return false;
    const route = name.slice(name.indexOf(" ") + 1);
    return this.#transactions.some((pattern) =>
      matchesRoute(pattern.startsWith("/") ? route : name, pattern),
    );
  }
}

interface ErrorRule {
  matchesText(this: void, text: string): boolean;
  matchesCode(this: void, code: string): boolean;
}

/** Reports a regular expression that is not supported. */
function errorRuleOf(pattern: ErrorPattern, diagnostics: Diagnostics): ErrorRule | undefined {
  if (pattern.kind === "text") {
    const { text } = pattern;
    return {
      matchesText: (value) => value.includes(text),
      matchesCode: (code) => code === text,
    };
  }
  const { source, flags } = pattern;
  try {
    const expression = loadLinearExpression().compileLinear(source, flags);
    const matches = (text: string): boolean => expression.test(text.slice(0, MAX_TEXT_LENGTH));
    return { matchesText: matches, matchesCode: matches };
  } catch (error) {
    const received = quote(`/${source}/${flags}`);
    const reason = String(readProperty(error, "message"));
    diagnostics.warn(
      `errors.ignore.${received}`,
      `TELLTALE_IGNORE_ERRORS: received ${received}, expected a regular expression in the syntax of RE2, without look-around and back references (${reason}); using the other entries`,
    );
    return undefined;
  }
}

/** Returns the message and `class: message`, which Sentry's `ignoreErrors` is compared with. */
function textsOf({ message, exception }: Event): string[] {
  const { type, value } = exception?.values?.at(-1) ?? {};
  const texts = [message, value, type === undefined ? undefined : `${type}: ${value ?? ""}`];
  return texts.filter((text) => typeof text === "string");
}

/** Returns the codes of an error and of its causes: `fetch` has them on a cause only. */
function codesOf(thrown: unknown): string[] {
  const codes: string[] = [];
  let error = thrown;
  for (let depth = 0; depth <= MAX_CAUSES && isObject(error); depth++) {
    const code = readProperty(error, "code");
    if (typeof code === "string" || typeof code === "number") codes.push(String(code));
    error = readProperty(error, "cause");
  }
  return codes;
}

/** Whether the whole name matches a pattern, in which `*` is any text. */
function matchesRoute(name: string, pattern: string): boolean {
  const [start = "", ...others] = pattern.split("*");
  const end = others.pop();
  if (end === undefined) return name === pattern;
  if (!name.startsWith(start)) return false;
  let at = start.length;
  for (const part of others) {
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return name.length - end.length >= at && name.endsWith(end);
}
