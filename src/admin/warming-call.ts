import type { CacheStats } from "../api.ts";
import { propertyOf } from "../property.ts";
import type { CacheWarmers, WarmerView } from "../warming/cache-warmers.ts";
import type { WarmingRun } from "../warming/warming-run.ts";

/** What the process with the admin port asks each process of the app for. */
export type WarmingCall =
  | { readonly action: "list" }
  /** Runs by their ids. */
  | { readonly action: "runs"; readonly ids: readonly string[] }
  /** Starts warmers, all without names. Names that a process has not are left out. */
  | {
      readonly action: "start";
      readonly names: readonly string[];
      readonly params: Readonly<Record<string, string>>;
    };

export interface WarmingReply {
  readonly warmers: readonly WarmerView[];
  readonly caches: readonly CacheStats[];
  readonly runs: readonly WarmingRun[];
}

/** Returns the reply of this process. Never throws. */
export function replyToWarmingCall(call: unknown, warmers: CacheWarmers | undefined): WarmingReply {
  const nothing: WarmingReply = { warmers: [], caches: [], runs: [] };
  if (warmers === undefined) return nothing;
  const { action, ids = [], names = [], params = {} } = call as CallContent;
  if (action === "list")
    return { ...nothing, warmers: warmers.list(), caches: warmers.cacheStats() };
  if (action === "runs") return { ...nothing, runs: warmers.runsOf(ids) };
  if (action !== "start") return nothing;
  const unknown = new Set(warmers.unknownOf(names));
  const known = names.filter((name) => !unknown.has(name));
  if (names.length > 0 && known.length === 0) return nothing;
  return { ...nothing, runs: warmers.run(known, params) };
}

interface CallContent {
  readonly action?: string;
  readonly ids?: readonly string[];
  readonly names?: readonly string[];
  readonly params?: Readonly<Record<string, string>>;
}

/** Returns the reply of another process; undefined if it has not replied. */
export function warmingReplyOf(reply: unknown): WarmingReply | undefined {
  const isReply = ["warmers", "caches", "runs"].every((key) =>
    Array.isArray(propertyOf(reply, key)),
  );
  return isReply ? (reply as WarmingReply) : undefined;
}
