import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ThroughputResults, throughputTable } from "./throughput-table.ts";
import { root } from "../build/paths.ts";

/** Renders the Collector's throughput in the committed run; undefined if there is none. */
export function throughputBlock(): string | undefined {
  const file = join(root, "bench/collector.json");
  if (!existsSync(file)) return undefined;
  return throughputTable(JSON.parse(readFileSync(file, "utf8")) as ThroughputResults);
}
