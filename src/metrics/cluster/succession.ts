import type { ScopeMetrics } from "@opentelemetry/sdk-metrics";

/**
 * The counts that a page has beside those of its members: of the owner itself, and of
 * processes that have ended. One of the members keeps them, for the next owner: a counter
 * must not fall when the owner ends.
 */
export interface Inheritance {
  /** The id of the owner, so that counts are never added twice. */
  readonly ownerId: string;
  readonly scopeMetrics: readonly ScopeMetrics[];
  /** The ids of the members, which join the next owner soon. */
  readonly memberIds: readonly string[];
}
