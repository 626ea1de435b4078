import type { PatternText, RedactionConfig } from "../config/config.ts";
import type { LinearExpression } from "./linear-expression.ts";
import { compilePattern, type Warn } from "./patterns.ts";
import { type FoundSecret, NO_EXPRESSIONS, Redaction } from "./redaction.ts";

/**
 * Creates the policy of a configuration. A pattern that the engine does not support is
 * reported and left out.
 *
 * @param onSecret learns of each secret, for a dry run.
 */
export function createRedaction(
  config: RedactionConfig,
  warn: Warn,
  onSecret?: (secret: FoundSecret) => void,
): Redaction {
  const { patterns, exceptionPatterns } = config;
  if (patterns.length + exceptionPatterns.length === 0)
    return new Redaction(config, NO_EXPRESSIONS, onSecret);
  const compileAll = (texts: readonly PatternText[]): LinearExpression[] =>
    texts
      .map((text) => compilePattern(text, "TELLTALE_REDACT: received", warn))
      .filter((expression) => expression !== undefined);
  return new Redaction(
    config,
    { secrets: compileAll(patterns), exceptions: compileAll(exceptionPatterns) },
    onSecret,
  );
}
