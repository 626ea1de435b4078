import { lazyEntryPoints } from "../../scripts/build/lazy-modules.ts";
import { moduleAliases } from "../../src/instrumentation/upstream/module-aliases.ts";
import { bundleForTest, type TestBundle } from "../bundle.ts";

const fixtures = ["preload", "queries", "serve"];

/**
 * Bundles the fixtures of the instrumentation tests, with the adaptors as lazy
 * modules. Upstream's instrumentations need the module aliases.
 */
export function bundleInstrumentationFixtures(): Promise<TestBundle> {
  const entryPoints = {
    ...lazyEntryPoints("instrumentation/"),
    adaptor: "test/instrumentation/fixtures/adaptor.ts",
    ...Object.fromEntries(
      fixtures.map((name) => [name, `test/instrumentation/fixtures/${name}.ts`]),
    ),
  };
  const external = ["express", "express4", "fastify", "fastify4", "pg"];
  return bundleForTest("instrumentation", entryPoints, { alias: moduleAliases, external });
}
