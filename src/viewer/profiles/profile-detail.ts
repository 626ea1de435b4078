import type { ProfileDetail } from "../model.ts";
import { allocationCallTree, type CallTree, cpuCallTree } from "./call-tree.ts";
import { flameGraph, functionShares, rounded, type Share } from "./flame-graph.ts";
import { FramePlaces, type PlacedFrame } from "./frame-place.ts";
import type { RecordedProfile } from "./recorded-profile.ts";

/** Maximum number of functions, of packages and of files. */
const MAX_ROWS = 50;

/** Returns the calls of a profile; undefined if it is not one of V8. */
export function callTreeOf({ summary, profile }: RecordedProfile): CallTree | undefined {
  return summary.kind === "cpu" ? cpuCallTree(profile) : allocationCallTree(profile);
}

export function placesOf({ projectFolder, mapped }: RecordedProfile): FramePlaces {
  return new FramePlaces(projectFolder, mapped);
}

/** Returns what the page shows of a profile; undefined if it is not one of V8. */
export function profileDetail(recorded: RecordedProfile): ProfileDetail | undefined {
  const tree = callTreeOf(recorded);
  if (tree === undefined) return undefined;
  const places = placesOf(recorded);
  const shares = [...functionShares(tree.root, places)].map(([frame, share]) => ({
    frame,
    share,
  }));
  return {
    summary: recorded.summary,
    ...(tree.unit === "milliseconds" && { idleMs: rounded(tree.idleMs) }),
    root: flameGraph(tree.root, places),
    hot: shares
      .filter(({ share }) => share.self > 0)
      .toSorted((a, b) => b.share.self - a.share.self)
      .slice(0, MAX_ROWS)
      .map(({ frame, share }) => ({
        ...frame,
        self: rounded(share.self),
        total: rounded(share.total),
      })),
    byPackage: grouped(shares, packageNameOf),
    byFile: grouped(shares, fileNameOf),
  };
}

function packageNameOf({ package: name }: PlacedFrame): string {
  return name ?? "app";
}

function fileNameOf({ place, package: name }: PlacedFrame): string {
  return place?.shown ?? name ?? "app";
}

function grouped(
  shares: readonly { readonly frame: PlacedFrame; readonly share: Share }[],
  nameOf: (frame: PlacedFrame) => string,
): { readonly name: string; readonly self: number }[] {
  const sums = new Map<string, number>();
  for (const { frame, share } of shares) {
    if (share.self === 0) continue;
    const name = nameOf(frame);
    sums.set(name, (sums.get(name) ?? 0) + share.self);
  }
  const rows = [...sums].map(([name, self]) => ({ name, self: rounded(self) }));
  return rows.toSorted((a, b) => b.self - a.self).slice(0, MAX_ROWS);
}
