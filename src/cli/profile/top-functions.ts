import { gunzipSync } from "node:zlib";
import { Profile } from "pprof-format";

/** What a function took itself, without the functions that it called. */
export interface TopFunction {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  /** Nanoseconds or bytes. */
  readonly self: number;
  /** From 0 to 1. */
  readonly share: number;
}

export interface ProfileSummary {
  readonly unit: string;
  readonly total: number;
  readonly top: readonly TopFunction[];
  /** The share of samples of a known trace, from 0 to 1. */
  readonly labelledShare: number;
}

/**
 * Returns the functions that took most.
 *
 * @param content a compressed pprof file
 */
export function summaryOf(content: Uint8Array, count: number): ProfileSummary {
  const profile = Profile.decode(gunzipSync(content));
  const { strings } = profile.stringTable;
  const selfByLocation = new Map<number, number>();
  let total = 0;
  let labelled = 0;
  for (const { locationId, value, label } of profile.sample) {
    const self = Number(value.at(-1));
    const location = Number(locationId[0]);
    selfByLocation.set(location, (selfByLocation.get(location) ?? 0) + self);
    total += self;
    if (label.some(({ key }) => strings[Number(key)] === "trace_id")) labelled += self;
  }
  const functions = new Map(profile.function.map((one) => [Number(one.id), one]));
  const lines = new Map(profile.location.map(({ id, line }) => [Number(id), line[0]]));
  const hottest = [...selfByLocation].toSorted(([, a], [, b]) => b - a).slice(0, count);
  const top = hottest.map(([location, self]) => {
    const line = lines.get(location);
    const found = functions.get(Number(line?.functionId));
    return {
      name: strings[Number(found?.name)] ?? "",
      file: strings[Number(found?.filename)] ?? "",
      line: Number(line?.line ?? 0),
      self,
      share: total === 0 ? 0 : self / total,
    };
  });
  const unit = strings[Number(profile.sampleType.at(-1)?.unit)] ?? "";
  return { unit, total, top, labelledShare: total === 0 ? 0 : labelled / total };
}
