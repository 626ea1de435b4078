import { withoutContents } from "../call-frames.ts";
import { type PprofTime, type PprofType, PprofWriter } from "../pprof-writer.ts";
import type { FunctionPlace, OriginalPlaces } from "./original-places.ts";
import type { PackageNumber, PackageProfile, PackageSample, PlaceMapper } from "./pprof-package.ts";

/**
 * Makes the package write columns into its profile, by which source maps are searched: it
 * does so for functions whose map is missing.
 */
export const columnKeeper: PlaceMapper = {
  mappingInfo: (place) => ({ ...place, missingMapFile: true }),
};

/** A function of a profile of the package. */
interface SampledFunction extends FunctionPlace {
  readonly name: string;
}

/** A profile of the package, of which telltale writes its own: without secrets, and with original places. */
export class SampledProfile {
  readonly #profile: PackageProfile;
  readonly #functions: ReadonlyMap<PackageNumber, SampledFunction>;

  constructor(profile: PackageProfile) {
    this.#profile = profile;
    this.#functions = this.#readFunctions();
  }

  /** The places of its functions. */
  get places(): Iterable<FunctionPlace> {
    return this.#functions.values();
  }

  /** Returns the file in pprof's format, not compressed. */
  encode(originals: OriginalPlaces, time: PprofTime): Uint8Array {
    const types = this.#profile.sampleType.map(({ type, unit }): PprofType => [
      this.#text(type),
      this.#text(unit),
    ]);
    const writer = new PprofWriter(types);
    const locations = new Map<PackageNumber, number>();
    for (const [id, { name, ...place }] of this.#functions) {
      const { file, line } = originals.of(place);
      locations.set(id, writer.locationOf({ name, file: withoutContents(file), line }));
    }
    for (const { stack, values, labels } of this.#totals()) {
      const ids = stack.map((id) => locations.get(id) ?? 0).filter((id) => id > 0);
      writer.add(ids, values, labels);
    }
    return writer.encode(time);
  }

  #readFunctions(): ReadonlyMap<PackageNumber, SampledFunction> {
    const { function: functions, location } = this.#profile;
    const byId = new Map(functions.map((one) => [one.id, one]));
    return new Map(
      location.map(({ id, line: [at] }) => {
        const found = at && byId.get(at.functionId);
        const name = found === undefined ? "" : this.#text(found.name);
        const file = found === undefined ? "" : this.#text(found.filename);
        // The package writes the place into the name of a function without one.
        const shownName = name === "" || name.startsWith("(anonymous:") ? "(anonymous)" : name;
        const [line, column] = [Number(at?.line ?? 0), Number(at?.column ?? 0)];
        return [id, { name: shownName, file, line, column }] as const;
      }),
    );
  }

  /** Adds up the samples of one stack with the same labels, of which there are as many as were taken. */
  *#totals(): Generator<Total> {
    const byStack = new Map<readonly PackageNumber[], Map<string, Total>>();
    for (const sample of this.#profile.sample) {
      const ofStack = byStack.get(sample.locationId) ?? new Map<string, Total>();
      byStack.set(sample.locationId, ofStack);
      const labels = this.#labelsOf(sample);
      const key = Object.values(labels).join("\n");
      const total = ofStack.get(key);
      const values = sample.value.map(Number);
      if (total === undefined) ofStack.set(key, { stack: sample.locationId, values, labels });
      else values.forEach((value, at) => (total.values[at] = (total.values[at] ?? 0) + value));
    }
    for (const ofStack of byStack.values()) yield* ofStack.values();
  }

  #labelsOf({ label }: PackageSample): Record<string, string> {
    return Object.fromEntries(label.map(({ key, str }) => [this.#text(key), this.#text(str)]));
  }

  #text(at: PackageNumber): string {
    return this.#profile.stringTable.strings[Number(at)] ?? "";
  }
}

interface Total {
  readonly stack: readonly PackageNumber[];
  readonly values: number[];
  readonly labels: Readonly<Record<string, string>>;
}
