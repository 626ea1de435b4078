/** Minutes with the same number of events each. A gap is one without scrapes, a reset a restart. */
export interface Phase {
  readonly minutes: number;
  /** Per minute. */
  readonly events: number;
  /** The failed ones of them. */
  readonly failed: number;
  readonly kind?: "gap" | "reset";
}

/** Writes a counter in promtool's notation, `first+step x times`, by its growth per minute. */
export function counterValues(
  phases: readonly Phase[],
  growthOf: (phase: Phase) => number,
): string {
  let value = 0;
  return phases
    .map((phase) => {
      const growth = growthOf(phase);
      if (phase.kind === "gap") {
        value += phase.minutes * growth;
        return `_x${phase.minutes}`;
      }
      const first = (phase.kind === "reset" ? 0 : value) + growth;
      value = first + (phase.minutes - 1) * growth;
      return `${plain(first)}+${plain(growth)}x${phase.minutes - 1}`;
    })
    .join(" ");
}

/** Writes a gauge, which has one value in each phase, and none in a gap. */
export function gaugeValues(phases: readonly Phase[], valueOf: (phase: Phase) => number): string {
  return phases
    .map((phase) =>
      phase.kind === "gap"
        ? `_x${phase.minutes}`
        : `${plain(valueOf(phase))}+0x${phase.minutes - 1}`,
    )
    .join(" ");
}

/** Writes a number as promtool reads it, without an exponent. */
export function plain(value: number): string {
  return Number(value.toFixed(9)).toString();
}
