import { join } from "node:path";
import { chunks } from "../../src/chunks.ts";
import { aliases } from "../../src/instrumentation/aliases.ts";
import { bundle, type Bundle } from "../bundle.ts";

const fixtures = ["preload", "queries", "serve"];

/**
 * The fixtures of this room with the adaptors' chunks beside them; upstream's
 * instrumentations need our aliases.
 */
export function bundleFixtures(): Promise<Bundle> {
  const adaptors = Object.entries(chunks).filter(([name]) => name.startsWith("instrumentation-"));
  const entryPoints = Object.fromEntries([
    ...adaptors.map(([name, path]) => [name, join("src", path)]),
    // The name of a chunk: that is how the loader asks for it.
    ["instrumentation-test", "test/instrumentation/fixtures/adaptor.ts"],
    ...fixtures.map((name) => [name, `test/instrumentation/fixtures/${name}.ts`]),
  ]) as Record<string, string>;
  const external = ["express", "express4", "fastify", "fastify4", "pg"];
  return bundle("instrumentation", entryPoints, { alias: aliases, external });
}
