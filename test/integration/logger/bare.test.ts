import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { assertJsonLine, assertReadableLine } from "../../logger/line-assertions.ts";
import { nodes } from "../../nodes.ts";
import { preload, Program, type ProgramResult } from "../program.ts";

const NOT_PRELOADED =
  "telltale: telltale/logger is used without the preload, so its lines have no trace and request ids; start Node with --import telltale/register, or set OTEL_SDK_DISABLED=true if this is on purpose\n";

function run(
  app: string,
  env: Readonly<Record<string, string>> = {},
  options: { readonly node?: string; readonly flags?: readonly string[] } = {},
): Promise<ProgramResult> {
  const file = fileURLToPath(new URL(`apps/${app}`, import.meta.url));
  return new Program({ file, env, ...options }).ended;
}

/** Runs the program of levels, and returns the lines as `api debug`. */
async function runLevels(
  env: Readonly<Record<string, string>>,
  flags: readonly string[] = [],
): Promise<{ readonly lines: readonly string[]; readonly messages: readonly string[] }> {
  const { code, stdout, stderr } = await run("levels.mjs", env, { flags });
  assert.equal(code, 0);
  const lines = stdout
    .trim()
    .split("\n")
    .map((text) => JSON.parse(text) as Readonly<Record<string, unknown>>);
  return {
    lines: lines.map(({ logger, message }) => `${String(logger)} ${String(message)}`),
    messages: stderr.trim().split("\n"),
  };
}

/** The messages about the wrong values of the program of levels. */
const MESSAGES = [
  "telltale: the level of logger jobs: received nonsense, expected one of error, warn, info, http, verbose, debug, silly, none; it stays info",
  "telltale: the level of logger api.cache: received loud, expected one of error, warn, info, http, verbose, debug, silly, none; it stays silly",
  "telltale: logger api.cache: received a line of level loud, expected one of error, warn, info, http, verbose, debug, silly; it is written as info",
  "telltale: createLogger: received an empty name, expected the name of a logger, such as api.cache; using app",
];

const quiet = {
  OTEL_TRACES_EXPORTER: "none",
  OTEL_LOGS_EXPORTER: "none",
  OTEL_METRICS_EXPORTER: "none",
  OTEL_EXPORTER_PROMETHEUS_PORT: "0",
};

describe("A logger of telltale/logger without the preload", () => {
  for (const { name, path } of nodes) {
    it(`writes one JSON object for each call on Node ${name}`, async () => {
      const { code, stdout, stderr } = await run("hostile.mjs", {}, { node: path });
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      const lines = stdout.split("\n").slice(0, -1);
      assert.equal(lines.length, 9 * 3);
      for (const line of lines) assertJsonLine(`${line}\n`, "info");
    });

    it(`writes one readable text for each call on Node ${name}`, async () => {
      const { code, stdout, stderr } = await run(
        "hostile.mjs",
        { NODE_ENV: "development" },
        { node: path },
      );
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      const texts = stdout.slice(0, -1).split(/\n(?! )/);
      assert.equal(texts.length, 9 * 3);
      for (const text of texts) assertReadableLine(text, "info");
    });
  }

  it("has colours where the terminal has, and none of the app's control characters", async () => {
    const env = { NODE_ENV: "development", FORCE_COLOR: "1" };
    const { stdout } = await run("hostile.mjs", env);
    assert.ok(stdout.includes("\u001b[32mINFO"));
    assert.ok(!stdout.includes("\u001b[31m"));
  });

  const formats = [
    { env: {}, first: "{" },
    { env: { NODE_ENV: "production" }, first: "{" },
    { env: { NODE_ENV: "development" }, first: /\d/ },
    { env: { NODE_ENV: "development", TELLTALE_LOG_FORMAT: "json" }, first: "{" },
    { env: { NODE_ENV: "production", TELLTALE_LOG_FORMAT: "text" }, first: /\d/ },
  ];
  for (const { env, first } of formats) {
    it(`begins its lines with ${String(first)} if the environment has ${JSON.stringify(env)}`, async () => {
      const { stdout } = await run("hostile.mjs", env);
      assert.match(stdout.charAt(0), typeof first === "string" ? /^\{$/ : first);
    });
  }

  it("reports once in production that lines have no ids", async () => {
    const { stderr } = await run("hostile.mjs", { NODE_ENV: "production" });
    assert.equal(stderr, NOT_PRELOADED);
  });

  it("reports nothing in production if the SDK is disabled", async () => {
    const env = { NODE_ENV: "production", OTEL_SDK_DISABLED: "true" };
    for (const flags of [[], preload.import ?? []]) {
      const { stdout, stderr } = await run("hostile.mjs", env, { flags });
      assert.equal(stderr, "");
      assert.equal(stdout.trim().split("\n").length, 9 * 3);
    }
  });
});

for (const [title, flags, env] of [
  ["with the preload", preload.import, quiet],
  ["without the preload", [], {}],
] as const) {
  describe(`The level of a logger (${title})`, () => {
    it("is info, or that of its options", async () => {
      const { lines, messages } = await runLevels(env, flags);
      const expected = ["api info", "api.cache debug", "api.cache info", "jobs info"];
      assert.deepEqual(lines, [...expected, "api.cache unknown", "app unnamed"]);
      assert.deepEqual(messages, MESSAGES);
    });

    it("is that of the nearest name in TELLTALE_LOG_LEVELS", async () => {
      const rules = { ...env, TELLTALE_LOG_LEVELS: "api=debug, api.cache.*=none, *=error" };
      const { lines } = await runLevels(rules, flags);
      assert.deepEqual(lines, ["api debug", "api info"]);
    });

    it("is not affected by wrong entries, each of which is reported in one line", async () => {
      const rules = { ...env, TELLTALE_LOG_LEVELS: "api=loud,a b=debug,=info,jobs=debg,*=trace" };
      const { lines, messages } = await runLevels(rules, flags);
      assert.equal(lines.length, 3 * 2 + 2);
      const levels = "none, fatal, error, warn, info, http, verbose, debug, silly, trace";
      const expected = `expected logger=level with one of the levels ${levels}`;
      assert.deepEqual(messages.slice(0, 4), [
        `telltale: TELLTALE_LOG_LEVELS: received "api=loud", ${expected}; using the other entries`,
        `telltale: TELLTALE_LOG_LEVELS: received "a b=debug", ${expected}; using the other entries`,
        `telltale: TELLTALE_LOG_LEVELS: received "=info", ${expected}; using the other entries`,
        `telltale: TELLTALE_LOG_LEVELS: received "jobs=debg", ${expected} (did you mean debug?); using the other entries`,
      ]);
    });
  });
}
