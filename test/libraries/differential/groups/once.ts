import type { LibraryRow } from "../../row.ts";

/**
 * Returns a row of each version of a library, that of the newest Node: what the pipelines
 * record depends neither on Node nor on the module system.
 *
 * @param partOf further values that make a row another app
 */
export function oncePerVersion<Row extends LibraryRow>(
  rows: readonly Row[],
  partOf: (row: Row) => string = () => "",
): Row[] {
  const chosen = new Map<string, Row>();
  for (const row of rows) {
    const key = JSON.stringify([row.library, row.installed, partOf(row)]);
    const known = chosen.get(key);
    if (known === undefined || Number(row.node) > Number(known.node)) chosen.set(key, row);
  }
  return [...chosen.values()];
}

/** Returns the title of a row's run: `koa (koa2), esm`. */
export function titleOf({ library, installed, moduleSystem }: LibraryRow): string {
  const alias = installed === library ? "" : ` (${installed})`;
  return `${library}${alias}, ${moduleSystem}`;
}
