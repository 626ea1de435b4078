import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { lazyModules } from "../../../scripts/build/lazy-modules.ts";
import { nodes } from "../../nodes.ts";
import { preload, Program } from "../program.ts";

const app = fileURLToPath(new URL("app.mjs", import.meta.url));
const dist = fileURLToPath(new URL("../../../dist/", import.meta.url));
const files = [...lazyModules().keys()].map((name) => `${name}.js`);
const adaptorFiles = files.filter(
  (name) => name.endsWith("-adaptor.js") || name.startsWith("instrumentation-upstream-"),
);

const env = {
  OTEL_EXPORTER_PROMETHEUS_PORT: "0",
  OTEL_TRACES_EXPORTER: "none",
  OTEL_LOGS_EXPORTER: "none",
  OTEL_LOG_LEVEL: "warn",
};

describe("The lazy modules of libraries", () => {
  it("are all in dist", () => {
    const built = new Set(readdirSync(dist));
    assert.deepEqual(
      files.filter((name) => !built.has(name)),
      [],
    );
  });

  for (const { name, path } of nodes) {
    for (const [way, flags] of Object.entries(preload)) {
      it(`are not loaded by a process that imports no library, by --${way}, Node ${name}`, async () => {
        const loaded = await loadedBy(path, flags, []);
        assert.ok(loaded.includes("start.js"), loaded.join());
        const loadedModules = loaded.filter((file) =>
          /^(instrumentation|logs|config-file)-/.test(file),
        );
        assert.deepEqual(loadedModules, []);
      });
    }

    it(`are loaded one by one, with their dependencies, Node ${name}`, async () => {
      const loaded = await loadedBy(path, preload.import, ["fastify"]);
      const loadedModules = loaded.filter((file) => adaptorFiles.includes(file));
      // Fastify requires `node:http2` in any case.
      const expected = [
        "instrumentation-frameworks-fastify-adaptor.js",
        "instrumentation-http-clients-http2-adaptor.js",
      ];
      assert.deepEqual([...new Set(loadedModules)].toSorted(), expected);
    });
  }

  it("are all loaded at start if TELLTALE_EAGER is set", async () => {
    const loaded = await loadedBy(process.execPath, preload.import, [], {
      TELLTALE_EAGER: "true",
    });
    const upstream = "instrumentation-upstream-generated";
    // Instrumentations of built-in modules are disabled by default, and neither a viewer nor a
    // Lambda handler is configured.
    const expected = [
      "instrumentation-call-sites-adaptor.js",
      "instrumentation-frameworks-aws-lambda-adaptor.js",
      ...["dns", "fs", "net"].map((name) => `${upstream}-${name}.js`),
    ];
    const missing = adaptorFiles.filter((file) => !loaded.includes(file));
    assert.deepEqual(missing.toSorted(), expected);
  });
});

/** Returns the files of dist that a process has loaded, as the process reports them. */
async function loadedBy(
  node: string,
  flags: readonly string[],
  args: readonly string[],
  more: Record<string, string> = {},
): Promise<string[]> {
  const watch = ["--require", fileURLToPath(new URL("watch.cjs", import.meta.url))];
  const program = new Program({
    node,
    flags: [...watch, ...flags],
    file: app,
    args,
    env: { ...env, ...more },
  });
  const { code, stdout, stderr } = await program.ended;
  assert.deepEqual([code, stderr], [0, ""]);
  return JSON.parse(stdout) as string[];
}
