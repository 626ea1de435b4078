import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { parseConfig } from "../../src/config/parse.ts";
import type { ExtensionTargets } from "../../src/extension/apply.ts";
import { createExtension } from "../../src/extension/extension.ts";
import { environmentOf } from "../../src/env.ts";
import { TelltaleLoggerProvider } from "../../src/logs/logger.ts";
import { noRedactor } from "../../src/redaction/redactor.ts";
import { awaitBlockedAnswer } from "../blocked-loop.ts";
import { malformedModules } from "./malformed.ts";
import { noopMeterProvider } from "../../src/metrics/noop.ts";
import { collectingProvider } from "../traces/provider.ts";
import { pollUntilTrue } from "../until.ts";

/** Where a module finds what it waits for. */
const ANSWER = "telltaleTestAnswer";

describe("A malformed extension", () => {
  const sharedState = {
    resource: resourceFromAttributes({}),
    limits: { attributeCount: 128, attributeLength: Infinity },
    redactor: noRedactor,
  };
  const { config } = parseConfig(environmentOf({}));
  const folder = mkdtempSync(join(tmpdir(), "telltale-malformed-"));
  after(() => rmSync(folder, { recursive: true }));

  it("is one of more than a hundred", () => assert.ok(malformedModules.length > 100));

  for (const [index, { title, text, line, usesRest }] of malformedModules.entries()) {
    it(`is reported in lines without its values, and the rest is used: ${title.slice(0, 90)}`, async () => {
      const name = `module-${index}.mjs`;
      writeFileSync(join(folder, name), text);
      const lines: string[] = [];
      const registered: string[] = [];
      const extension = createExtension({
        reference: { specifier: `./${name}`, folder },
        source: name,
        report: (_key, message) => void lines.push(message),
        timeLimitMs: 100,
      });
      extension.load(targetsOf(registered));
      await extension.eventFilters();
      await pollUntilTrue(
        () => line === undefined || lines.some((entry) => line.test(entry)),
        String(line),
      );
      assert.deepEqual(registered, usesRest ? ["rest"] : []);
      assert.equal(lines.length, line === undefined ? 0 : 1, lines.join("\n"));
      assert.ok(
        lines.every((entry) => entry.startsWith(`${name}: `) && !/[\n]|hunter2/.test(entry)),
      );
      await extension.flush(100);
    });
  }

  it("is none whose configuration arrives while the event loop is blocked", async () => {
    const answer = await awaitBlockedAnswer();
    Object.assign(globalThis, { [ANSWER]: answer.read });
    const text = `export default async () => {
      await globalThis.${ANSWER};
      return { healthChecks: { rest() {} } };
    };`;
    writeFileSync(join(folder, "slow.mjs"), text);
    const lines: string[] = [];
    const registered: string[] = [];
    const extension = createExtension({
      reference: { specifier: "./slow.mjs", folder },
      source: "slow.mjs",
      report: (_key, message) => void lines.push(message),
      timeLimitMs: 20,
    });
    extension.load(targetsOf(registered));
    answer.arrive(50);
    await extension.eventFilters();
    answer.close();
    Reflect.deleteProperty(globalThis, ANSWER);
    await pollUntilTrue(() => registered.length > 0 || lines.length > 0, "the configuration");
    assert.deepEqual([registered, lines], [["rest"], []]);
  });

  /** The parts of telltale, of which only the checks are observed. */
  function targetsOf(registered: string[]): ExtensionTargets {
    return {
      config,
      traces: {
        provider: collectingProvider().provider,
        addProcessor() {},
        setSampler: () => assert.fail(),
      },
      metrics: { provider: noopMeterProvider, addViews() {}, createProducer: () => assert.fail() },
      resource: { extend() {} },
      setRequestHooks: () => assert.fail(),
      logs: { provider: new TelltaleLoggerProvider(sharedState, undefined) },
      propagator: { replace: () => assert.fail() },
      onPropagatorReplaced() {},
      redactor: { extend() {} },
      health: { register: ({ name }) => registered.push(name) },
    };
  }
});
