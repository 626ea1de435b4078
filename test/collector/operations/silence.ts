import type { GeneratedExpression } from "../../operations/expressions/generated-expressions.ts";
import type { MetricPath } from "../contract/rows.ts";

/** Expressions that return nothing in this test, although all is well. */
export interface DesignedSilence {
  /** What an expression of it has to contain, or the name of its rule or panel. */
  readonly of: RegExp;
  /** Default: all paths. */
  readonly paths?: readonly MetricPath[];
  readonly reason: string;
  /** Whether it depends on the time of day. */
  readonly isTimed?: boolean;
}

/** The silences by design, with their reasons. The table in docs/operations-proof.md has them. */
export const designedSilences: readonly DesignedSilence[] = [
  {
    of: /otelcol_exporter_(?:send|enqueue)_failed/u,
    reason: "The Collector has lost nothing, and has no series of what never happened.",
  },
  {
    of: /^(?:Log records dropped|Failed exports)$/u,
    reason: "All telemetry arrives: none was dropped, and no export failed.",
  },
  {
    of: /offset (?:10m|1[dw])/u,
    reason: "The services did not run at that time yet.",
  },
  {
    of: /hour\(\) == 9/u,
    reason: "Only at 9 o'clock.",
    isTimed: true,
  },
];

/** Returns the designed silence of an expression on a path. */
export function designedSilenceOf(
  { name, expr }: GeneratedExpression,
  path: MetricPath,
): DesignedSilence | undefined {
  return designedSilences.find(
    ({ of, paths }) => (of.test(name) || of.test(expr)) && (paths?.includes(path) ?? true),
  );
}
