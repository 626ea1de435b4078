import { roundMs } from "./milliseconds.ts";

/** A period of time, in milliseconds. */
export interface Period {
  readonly start: number;
  readonly end: number;
}

/** Returns the time in which at least one of the periods lasts, within `bounds`. */
export function busyMs(periods: readonly Period[], bounds?: Period): number {
  return roundMs(unionOf(periods, bounds).reduce((ms, { start, end }) => ms + end - start, 0));
}

/** Returns the periods in order, with those that overlap as one. */
export function unionOf(periods: readonly Period[], bounds?: Period): Period[] {
  const union: { start: number; end: number }[] = [];
  const clipped = bounds === undefined ? periods : periods.map((period) => clip(period, bounds));
  for (const { start, end } of clipped.toSorted((a, b) => a.start - b.start)) {
    if (end <= start) continue;
    const last = union.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else union.push({ start, end });
  }
  return union;
}

function clip({ start, end }: Period, bounds: Period): Period {
  return { start: Math.max(start, bounds.start), end: Math.min(end, bounds.end) };
}
