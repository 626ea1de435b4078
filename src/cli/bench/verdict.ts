import { type Target, TARGET_FIGURES, type TargetFigure, type Targets } from "./endpoint.ts";
import type { Figures } from "./figures.ts";

export type Verdict = "excellent" | "good" | "needs work";

/** The verdict on one figure. */
export interface FigureVerdict {
  readonly figure: TargetFigure;
  readonly value: number;
  readonly target: Target;
  readonly verdict: Verdict;
}

const ORDER: readonly Verdict[] = ["excellent", "good", "needs work"];

/** No error is expected, unless the file allows some. */
const NO_ERRORS: Target = { excellent: 0, good: 0 };

/** Returns a verdict on each figure that has a target, and on the errors in any case. */
export function verdictsOf(figures: Figures, targets: Targets): FigureVerdict[] {
  const all: Targets = { errors: NO_ERRORS, ...targets };
  return TARGET_FIGURES.flatMap((figure): FigureVerdict[] => {
    const [target, value] = [all[figure], valueOf(figures, figure)];
    if (target === undefined || value === undefined) return [];
    return [{ figure, value, target, verdict: judge(figure, value, target) }];
  });
}

/** Returns the worst of the verdicts; `excellent` without any. */
export function worstVerdict(verdicts: readonly FigureVerdict[]): Verdict {
  const worst = Math.max(0, ...verdicts.map(({ verdict }) => ORDER.indexOf(verdict)));
  return ORDER[worst] ?? "needs work";
}

function judge(figure: TargetFigure, value: number, { excellent, good }: Target): Verdict {
  const isWithin = (limit: number): boolean =>
    figure === "cache_ratio" ? value >= limit : value <= limit;
  if (isWithin(excellent)) return "excellent";
  return isWithin(good) ? "good" : "needs work";
}

/** Returns the figure that a target limits; undefined if it is not known. */
function valueOf(figures: Figures, figure: TargetFigure): number | undefined {
  switch (figure) {
    case "errors":
      return figures.errorRatio;
    case "query_time":
      return figures.queryMs;
    case "cache_ratio":
      return figures.cacheRatio;
    default:
      return figures[figure];
  }
}
