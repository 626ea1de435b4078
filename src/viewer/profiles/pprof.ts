import { gzipSync } from "node:zlib";
import { Function, Line, Location, Profile, Sample, StringTable, ValueType } from "pprof-format";
import { type CallNode, type CallTree, visitCalls } from "./call-tree.ts";
import type { FramePlaces, PlacedFrame } from "./frame-place.ts";
import type { RecordedProfile } from "./recorded-profile.ts";

/**
 * Returns a profile in the format of pprof, compressed, as `go tool pprof` reads it.
 * https://github.com/google/pprof/blob/main/proto/profile.proto
 */
export function toPprof({ summary }: RecordedProfile, tree: CallTree, places: FramePlaces): Buffer {
  const strings = new StringTable();
  const locations = new Locations(strings, places);
  const samples: Sample[] = [];
  visitCalls(tree.root, (node, callers) => {
    if (node.self <= 0) return;
    const stack = [node, ...callers.toReversed()];
    samples.push(
      new Sample({
        locationId: stack.map((one) => locations.idOf(one)),
        value: [Math.round(tree.unit === "bytes" ? node.self : node.self * 1e6)],
      }),
    );
  });
  const type = valueTypeOf(tree, strings);
  const profile = new Profile({
    sampleType: [type],
    sample: samples,
    location: locations.locations,
    function: locations.functions,
    stringTable: strings,
    timeNanos: BigInt(Math.round(summary.start * 1000)) * 1000n,
    durationNanos: Math.round(summary.durationMs * 1e6),
    periodType: type,
    period: 1,
    comment: [
      strings.dedup(`${summary.service}: ${summary.name}`),
      strings.dedup(`overlapping requests: ${summary.overlapping}`),
    ],
  });
  return gzipSync(profile.encode());
}

function valueTypeOf({ unit }: CallTree, strings: StringTable): ValueType {
  const [type, name] = unit === "bytes" ? ["alloc_space", "bytes"] : ["cpu", "nanoseconds"];
  return new ValueType({ type: strings.dedup(type), unit: strings.dedup(name) });
}

/** The functions of a profile and their places, each once. */
class Locations {
  readonly locations: Location[] = [];
  readonly functions: Function[] = [];
  readonly #ids = new Map<PlacedFrame, number>();
  readonly #strings: StringTable;
  readonly #places: FramePlaces;

  constructor(strings: StringTable, places: FramePlaces) {
    this.#strings = strings;
    this.#places = places;
  }

  idOf({ frame }: CallNode): number {
    const placed = this.#places.of(frame);
    const known = this.#ids.get(placed);
    if (known !== undefined) return known;
    const id = this.#ids.size + 1;
    this.#ids.set(placed, id);
    const name = this.#strings.dedup(placed.name);
    const line = placed.place?.line ?? 0;
    this.functions.push(
      new Function({
        id,
        name,
        systemName: name,
        filename: this.#strings.dedup(placed.place?.file ?? frame.url),
        startLine: line,
      }),
    );
    this.locations.push(new Location({ id, line: [new Line({ functionId: id, line })] }));
    return id;
  }
}
