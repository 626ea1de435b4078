import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { preload, Program, type ProgramResult, telemetryEnv } from "../program.ts";

const app = fileURLToPath(new URL("additions.mjs", import.meta.url));

/** What the app's bad input is answered with: one line each. */
const reported = [
  'telltale: addRedaction patterns: received "/(?=x)/", expected a regular expression in the syntax of RE2, without look-around and back references (error parsing regexp: invalid or unsupported Perl syntax: `(?=`); using the other entries',
  "telltale: addRedaction: received string, expected an object with fields, patterns, exceptions; nothing is added",
];

describe("The policy of secrets with additions in code", () => {
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
  });
  after(() => receiver.close());

  const run = async (
    flags: readonly string[],
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<ProgramResult> => {
    const ended = await new Program({ file: app, flags, args, env }).ended;
    assert.equal(ended.code, 0, ended.stderr);
    assert.deepEqual(ended.stderr.trimEnd().split("\n"), reported);
    const { nationalId, user, pin, other, message } = JSON.parse(ended.stdout) as Record<
      string,
      unknown
    >;
    assert.deepEqual(
      { nationalId, user, pin, other, message },
      {
        nationalId: "REDACTED",
        user: { name: "REDACTED" },
        pin: "4711",
        other: 1,
        message: "hello REDACTED",
      },
    );
    return ended;
  };

  it("applies to lines of telltale/logger without the preload", async () => {
    await run([], []);
  });

  it("applies to all that leaves the process", async () => {
    await run(preload.import, ["--all"], {
      ...telemetryEnv(receiver),
      OTEL_METRICS_EXPORTER: "otlp",
    });
    await receiver.settled();
    const { spans, logs, metrics, items } = receiver;
    for (const signal of [spans, logs, items]) {
      const content = JSON.stringify(signal);
      assert.match(content, /REDACTED/);
      assert.doesNotMatch(content, /swordfish|EMP-1/);
      assert.match(content, /4711/);
    }
    const regions = metrics
      .filter(({ name }) => name === "app.calls")
      .flatMap(({ points }) => points)
      .map(({ attributes, value }) => [attributes["region"], value]);
    assert.deepEqual(regions, [
      ["swordfish-9", 1],
      ["REDACTED", 2],
    ]);
  });
});
