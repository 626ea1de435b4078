import { gzipSync } from "node:zlib";
import { PprofWriter } from "../../profiling/pprof-writer.ts";
import { type CallNode, type CallTree, visitCalls } from "./call-tree.ts";
import type { FramePlaces } from "./frame-place.ts";
import type { RecordedProfile } from "./recorded-profile.ts";

/** Returns a profile in the format of pprof, compressed, as `go tool pprof` reads it. */
export function toPprof({ summary }: RecordedProfile, tree: CallTree, places: FramePlaces): Buffer {
  const isMemory = tree.unit === "bytes";
  const writer = new PprofWriter([isMemory ? ["alloc_space", "bytes"] : ["cpu", "nanoseconds"]]);
  const locationOf = ({ frame }: CallNode): number => {
    const { name, place } = places.of(frame);
    return writer.locationOf({ name, file: place?.file ?? frame.url, line: place?.line ?? 0 });
  };
  visitCalls(tree.root, (node, callers) => {
    if (node.self <= 0) return;
    const stack = [node, ...callers.toReversed()].map(locationOf);
    writer.add(stack, [Math.round(isMemory ? node.self : node.self * 1e6)]);
  });
  const content = writer.encode({
    startMs: summary.start,
    durationMs: summary.durationMs,
    period: 1,
    comments: [
      `${summary.service}: ${summary.name}`,
      `overlapping requests: ${summary.overlapping}`,
    ],
  });
  return gzipSync(content);
}
