import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type BenchResults, renderBenchTable } from "./bench-table.ts";
import { root } from "../build/paths.ts";

/** Renders the figures of the committed run; undefined if there is none. */
export function benchTable(): string | undefined {
  const file = join(root, "bench/results.json");
  if (!existsSync(file)) return undefined;
  return renderBenchTable(JSON.parse(readFileSync(file, "utf8")) as BenchResults);
}
