import { gunzipSync } from "node:zlib";
import { Profile } from "pprof-format";

export interface DecodedSample {
  /** The innermost function first. */
  readonly stack: readonly string[];
  /** That of the innermost function, as its line. */
  readonly file: string;
  readonly line: number;
  /** The last one. */
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
}

export interface DecodedProfile {
  readonly types: readonly string[];
  readonly samples: readonly DecodedSample[];
  readonly comments: readonly string[];
  /** All texts. */
  readonly strings: readonly string[];
  readonly startMs: number;
  readonly durationMs: number;
}

/** Decodes a file in pprof's format. */
export function decode(content: Uint8Array): DecodedProfile {
  const profile = Profile.decode(gunzipSync(content));
  const textOf = (at: number | bigint): string => profile.stringTable.strings[Number(at)] ?? "";
  const functions = new Map(profile.function.map((one) => [Number(one.id), one]));
  const lines = new Map(profile.location.map(({ id, line }) => [Number(id), line[0]!]));
  const functionAt = (id: number | bigint) =>
    functions.get(Number(lines.get(Number(id))!.functionId))!;
  const samples = profile.sample.map(({ locationId, value, label }) => ({
    stack: locationId.map((id) => textOf(functionAt(id).name)),
    file: textOf(functionAt(locationId[0]!).filename),
    line: Number(lines.get(Number(locationId[0]))!.line),
    value: Number(value.at(-1)),
    labels: Object.fromEntries(label.map(({ key, str }) => [textOf(key), textOf(str)])),
  }));
  return {
    types: profile.sampleType.map(({ type }) => textOf(type)),
    samples,
    comments: profile.comment.map(textOf),
    strings: profile.stringTable.strings,
    startMs: Number(profile.timeNanos) / 1e6,
    durationMs: Number(profile.durationNanos) / 1e6,
  };
}
