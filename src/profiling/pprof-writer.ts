import {
  Function,
  Label,
  Line,
  Location,
  Profile,
  Sample,
  StringTable,
  ValueType,
} from "pprof-format";

/** Type and unit of the values of samples: `["cpu", "nanoseconds"]`. */
export type PprofType = readonly [type: string, unit: string];

export interface PprofTime {
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly durationMs: number;
  /** Interval between samples, in the unit of its type. */
  readonly period: number;
  /** Index of the type of the period. Default: that of the last one. */
  readonly periodType?: number;
  readonly comments: readonly string[];
}

/** A function and the line of its definition. */
export interface PprofFunction {
  readonly name: string;
  readonly file: string;
  /** 0 if it is unknown. */
  readonly line: number;
}

/**
 * Collects the samples of a profile in the format of pprof.
 * https://github.com/google/pprof/blob/main/proto/profile.proto
 */
export class PprofWriter {
  readonly #strings = new StringTable();
  readonly #types: readonly ValueType[];
  readonly #samples: Sample[] = [];
  readonly #locations: Location[] = [];
  readonly #functions: Function[] = [];
  readonly #ids = new Map<string, number>();

  /** @param types those of the values of each sample. */
  constructor(types: readonly PprofType[]) {
    this.#types = types.map(
      ([type, unit]) =>
        new ValueType({ type: this.#strings.dedup(type), unit: this.#strings.dedup(unit) }),
    );
  }

  /** Returns the id of a function, for stacks. */
  locationOf({ name, file, line }: PprofFunction): number {
    const key = `${name}\n${file}\n${line}`;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#ids.size + 1;
    this.#ids.set(key, id);
    const [nameId, filename] = [this.#strings.dedup(name), this.#strings.dedup(file)];
    this.#functions.push(
      new Function({ id, name: nameId, systemName: nameId, filename, startLine: line }),
    );
    this.#locations.push(new Location({ id, line: [new Line({ functionId: id, line })] }));
    return id;
  }

  /**
   * Adds a sample.
   *
   * @param stack the ids of functions, the innermost one first
   */
  add(
    stack: readonly number[],
    values: readonly number[],
    labels: Readonly<Record<string, string>> = {},
  ): void {
    const label = Object.entries(labels).map(
      ([key, str]) => new Label({ key: this.#strings.dedup(key), str: this.#strings.dedup(str) }),
    );
    this.#samples.push(new Sample({ locationId: [...stack], value: [...values], label }));
  }

  /** Returns the profile, not compressed. */
  encode({ startMs, durationMs, period, periodType = -1, comments }: PprofTime): Uint8Array {
    const profile = new Profile({
      sampleType: [...this.#types],
      sample: this.#samples,
      location: this.#locations,
      function: this.#functions,
      stringTable: this.#strings,
      timeNanos: BigInt(Math.round(startMs * 1000)) * 1000n,
      durationNanos: Math.round(durationMs * 1e6),
      periodType: this.#types.at(periodType)!,
      period,
      comment: comments.map((text) => this.#strings.dedup(text)),
    });
    return profile.encode();
  }
}
