import type { GeneratedExpression } from "../../operations/expressions/generated-expressions.ts";
import { WAIT_TIMEOUT_MS } from "../../until.ts";
import type { LivePath } from "./live-paths.ts";
import { outcomeOf } from "./outcome.ts";
import type { ProvenExpression, ProvenKind } from "./proof.ts";
import { designedSilenceOf } from "./silence.ts";

/**
 * Asks all servers for all expressions, and again for what has no data yet, for a limited time:
 * the load goes on.
 *
 * @param start of the load, in seconds since 1970.
 */
export async function prove(
  servers: readonly LivePath[],
  expressions: readonly GeneratedExpression[],
  start: number,
): Promise<readonly ProvenExpression[]> {
  const deadline = performance.now() + WAIT_TIMEOUT_MS;
  const kinds = new Map<GeneratedExpression, ProvenKind[]>();
  for (;;) {
    const range = { start, end: Date.now() / 1000 };
    for (const expression of expressions) {
      const before = kinds.get(expression) ?? [];
      const now = servers.map(async (server, index) => {
        if (before[index] === "data") return "data";
        return kindOf(expression, server, range);
      });
      kinds.set(expression, await Promise.all(now));
    }
    const isComplete = [...kinds.values()].every((some) => !some.includes("empty"));
    if (isComplete || performance.now() > deadline) break;
  }
  return expressions.map((expression) => provenOf(expression, servers, kinds.get(expression)!));
}

async function kindOf(
  expression: GeneratedExpression,
  { path, prometheus }: LivePath,
  range: Parameters<typeof outcomeOf>[2],
): Promise<ProvenKind> {
  const { kind } = await outcomeOf(expression, prometheus, range);
  const isSilent = kind === "empty" && designedSilenceOf(expression, path) !== undefined;
  return isSilent ? "silent" : kind;
}

function provenOf(
  expression: GeneratedExpression,
  servers: readonly LivePath[],
  kinds: readonly ProvenKind[],
): ProvenExpression {
  const { file, name, use, expr } = expression;
  const silent = servers.find((_server, index) => kinds[index] === "silent");
  const reason = silent && designedSilenceOf(expression, silent.path)?.reason;
  const isSame = new Set(kinds).size === 1;
  return {
    ...{ file, name, use, expr, kinds: isSame ? kinds.slice(0, 1) : kinds },
    ...(reason !== undefined && { reason }),
  };
}
