import { type CallTree, visitCalls } from "./call-tree.ts";
import type { FramePlaces, PlacedFrame } from "./frame-place.ts";
import type { RecordedProfile } from "./recorded-profile.ts";

/** A file of speedscope: https://www.speedscope.app/file-format-schema.json. */
export interface SpeedscopeFile {
  readonly $schema: "https://www.speedscope.app/file-format-schema.json";
  readonly name: string;
  readonly exporter: string;
  readonly activeProfileIndex: number;
  readonly shared: { readonly frames: readonly SpeedscopeFrame[] };
  readonly profiles: readonly {
    readonly type: "sampled";
    readonly name: string;
    readonly unit: "milliseconds" | "bytes";
    readonly startValue: number;
    readonly endValue: number;
    readonly samples: readonly (readonly number[])[];
    readonly weights: readonly number[];
  }[];
}

interface SpeedscopeFrame {
  readonly name: string;
  readonly file?: string;
  readonly line?: number;
  readonly col?: number;
}

/** Returns a profile in the format of speedscope. */
export function toSpeedscope(
  { summary }: RecordedProfile,
  tree: CallTree,
  places: FramePlaces,
): SpeedscopeFile {
  const indices = new Map<PlacedFrame, number>();
  const indexOf = (frame: PlacedFrame): number => {
    const known = indices.get(frame);
    if (known !== undefined) return known;
    indices.set(frame, indices.size);
    return indices.size - 1;
  };
  const samples: number[][] = [];
  const weights: number[] = [];
  visitCalls(tree.root, (node, callers) => {
    if (node.self <= 0) return;
    samples.push([...callers, node].map(({ frame }) => indexOf(places.of(frame))));
    weights.push(node.self);
  });
  const name = `${summary.name} (${summary.service})`;
  const endValue = weights.reduce((sum, weight) => sum + weight, 0);
  return {
    $schema: "https://www.speedscope.app/file-format-schema.json",
    name,
    exporter: "telltale",
    activeProfileIndex: 0,
    shared: { frames: [...indices.keys()].map(speedscopeFrame) },
    profiles: [
      { type: "sampled", name, unit: tree.unit, startValue: 0, endValue, samples, weights },
    ],
  };
}

function speedscopeFrame({ name, place }: PlacedFrame): SpeedscopeFrame {
  if (place === undefined) return { name };
  return {
    name,
    file: place.shown,
    ...(place.line > 0 && { line: place.line, col: place.column ?? 1 }),
  };
}
