/** The members of a `.cpuprofile` that have to do with time; in microseconds of V8's clock. */
export interface CpuProfile {
  readonly nodes: readonly { readonly id: number; hitCount?: number }[];
  startTime: number;
  endTime: number;
  samples?: number[];
  timeDeltas?: number[];
}

/**
 * Removes what was sampled before and after a time, in which telltale itself has started
 * and stopped the recording: it is more than a short request takes.
 *
 * @param from in microseconds of V8's clock, which is that of `process.hrtime`
 */
export function trimProfile(profile: CpuProfile, from: number, to: number): void {
  const { samples, timeDeltas, startTime, endTime } = profile;
  // Another clock, on some system.
  if (samples === undefined || timeDeltas === undefined || from < startTime || to > endTime) return;
  const times: number[] = [];
  let time = startTime;
  for (const delta of timeDeltas) times.push((time += delta));
  const first = times.findIndex((at) => at >= from);
  const after = times.findLastIndex((at) => at <= to) + 1;
  const kept = first === -1 ? [] : samples.slice(first, Math.max(first, after));
  uncount(profile, samples.slice(0, first === -1 ? undefined : first));
  uncount(profile, first === -1 ? [] : samples.slice(Math.max(first, after)));
  profile.samples = kept;
  profile.timeDeltas = kept.map((_, at) =>
    at === 0 ? times[first]! - from : timeDeltas[first + at]!,
  );
  profile.startTime = from;
  profile.endTime = to;
}

function uncount({ nodes }: CpuProfile, removed: readonly number[]): void {
  if (removed.length === 0) return;
  const byId = new Map(nodes.map((node) => [node.id, node]));
  for (const id of removed) {
    const node = byId.get(id);
    if (node?.hitCount !== undefined) node.hitCount--;
  }
}
