import type { DashboardName } from "./dashboard.ts";

/** Returns the uid of a dashboard in Grafana. */
export function uidOf(name: DashboardName): string {
  return `telltale-${name}`;
}

/**
 * Returns the id of a panel, or of a row. It is in links, so that it depends on nothing but the
 * key: other panels may come and go.
 *
 * @param key the name of its alert, or its title.
 */
export function panelId(key: string): number {
  const utf8 = new TextEncoder().encode(key);
  const hash = utf8.reduce((hash, byte) => Math.imul(hash ^ byte, FNV_PRIME), FNV_OFFSET);
  return (hash >>> 0) % MAX_ID;
}

/** The parameters of FNV-1a with 32 bits. */
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Nine digits: ids of two of a hundred panels agree once in 200,000 dashboards. */
const MAX_ID = 1_000_000_000;
