import type { PatternText } from "../config/config.ts";
import { quote } from "../config/mask.ts";
import { lazy } from "../lazy.ts";
import type { LinearExpression } from "./linear-expression.ts";

const loadLinearExpression = lazy<typeof import("./linear-expression.ts")>(
  "redaction/linear-expression.ts",
);

/** Reports a problem in one line, once a minute for each key. */
export type Warn = (key: string, message: string) => void;

/**
 * Compiles a pattern, or reports one that the engine does not support.
 *
 * @param origin of the pattern, as the message begins: `TELLTALE_REDACT: received`.
 */
export function compilePattern(
  { source, flags }: PatternText,
  origin: string,
  warn: Warn,
): LinearExpression | undefined {
  try {
    return loadLinearExpression().compileLinear(source, flags);
  } catch (error) {
    const received = quote(`/${source}/${flags}`);
    const reason = error instanceof Error ? error.message : String(error);
    warn(
      `redaction.${received}`,
      `${origin} ${received}, expected a regular expression in the syntax of RE2, without look-around and back references (${reason}); using the other entries`,
    );
    return undefined;
  }
}
