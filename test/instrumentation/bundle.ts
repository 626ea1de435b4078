import { lazyEntryPoints } from "../../scripts/build/lazy-modules.ts";
import { aliases } from "../../src/instrumentation/aliases.ts";
import { bundle, type Bundle } from "../bundle.ts";

const fixtures = ["preload", "queries", "serve"];

/**
 * The fixtures of this room with the adaptors' chunks beside them; upstream's
 * instrumentations need our aliases.
 */
export function bundleFixtures(): Promise<Bundle> {
  const entryPoints = {
    ...lazyEntryPoints("instrumentation/"),
    adaptor: "test/instrumentation/fixtures/adaptor.ts",
    ...Object.fromEntries(
      fixtures.map((name) => [name, `test/instrumentation/fixtures/${name}.ts`]),
    ),
  };
  const external = ["express", "express4", "fastify", "fastify4", "pg"];
  return bundle("instrumentation", entryPoints, { alias: aliases, external });
}
