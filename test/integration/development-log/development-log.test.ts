import assert from "node:assert/strict";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../../free-port.ts";
import { node } from "../../nodes.ts";
import { preload, Program, type ProgramResult } from "../program.ts";

const file = fileURLToPath(new URL("apps/shop.mjs", import.meta.url));
const cli = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));
const cwd = dirname(file);

type Variables = Readonly<Record<string, string>>;

/** Nothing is exported: the log needs no receiver. */
const quiet: Variables = {
  OTEL_TRACES_EXPORTER: "none",
  OTEL_LOGS_EXPORTER: "none",
  OTEL_EXPORTER_PROMETHEUS_PORT: "0",
  TELLTALE_EVENT_LOOP_STALL_MS: "0",
};

function run(paths: string, env: Variables): Promise<ProgramResult> {
  const variables = { ...quiet, PATHS: paths, ...env };
  return new Program({ file, flags: preload.import, cwd, env: variables }).ended;
}

/** Returns the line of a request or job, and those below it. */
function blockOf({ stderr }: ProgramResult, name: string): string[] {
  const lines = stderr.split("\n");
  const start = lines.findIndex((line) => !line.startsWith(" ") && line.includes(` ${name} `));
  assert.notEqual(start, -1, stderr);
  const length = lines.slice(start + 1).findIndex((line) => !line.startsWith("  "));
  return lines.slice(start, start + 1 + length);
}

const TIME = String.raw`(?:\d+(?:\.\d+)? ms|\d+\.\d\d s)`;

describe("The log for development", () => {
  const paths = "/orders/7,/fail,/slow,/broken,/secret";
  const printed =
    "order is loaded\n/orders/7 200\n/fail 500\n/slow 200\n/broken 409\n/secret 200\n";

  describe("of requests", () => {
    let ended: ProgramResult;
    before(async () => {
      ended = await run(paths, { TELLTALE_DEV_LOG: "requests", TELLTALE_SLOW_REQUEST_MS: "0" });
    });

    it("leaves stdout to the app", () => {
      assert.deepEqual([ended.code, ended.stdout], [0, printed]);
      assert.equal(ended.stderr.split("\n").filter((line) => line === "order is late").length, 1);
    });

    it("has a line for each request, with its queries, cache lookups and lines", () => {
      const [line = "", repeated = "", ...rest] = blockOf(ended, "GET /orders/7");
      const expected = new RegExp(
        String.raw`^\d\d:\d\d:\d\d GET /orders/7 \(/orders/:id\) 200 ${TIME}, 5 queries ${TIME}, cache 1 hit 1 miss, 2 lines \(1 warn\)$`,
      );
      assert.match(line, expected);
      assert.match(
        repeated,
        /^ {2}N\+1: 5 times, .* with 5 sets of parameters: SELECT name FROM items WHERE id = \? at shop\.mjs:16 \(loadItem\)$/,
      );
      // On a busy machine any query may be slow.
      assert.deepEqual(
        rest.filter((more) => !more.startsWith("  slow: ")),
        [],
      );
    });

    it("has the error of a failed one, with its place and without secrets", () => {
      const [line = "", error = ""] = blockOf(ended, "GET /fail");
      assert.match(line, new RegExp(String.raw`GET /fail 500 ${TIME}$`));
      assert.match(
        error,
        /^ {2}error: TypeError: no price of redis:\S*@cache in the shop at shop\.mjs:29/,
      );
    });

    it("marks slow queries, and failed ones", () => {
      const [, slow = ""] = blockOf(ended, "GET /slow");
      assert.match(slow, new RegExp(`^ {2}slow: ${TIME}: WITH RECURSIVE .* at shop\\.mjs:36`));
      const [line = "", ...marks] = blockOf(ended, "GET /broken");
      const failed = marks.find((mark) => mark.startsWith("  failed: ")) ?? "";
      assert.match(line, /GET \/broken 409 /);
      assert.match(failed, /^ {2}failed: INSERT INTO items VALUES \(\?, \?\) at shop\.mjs:41/);
    });

    it("has a line for each job, and none for queries", () => {
      const [line = ""] = blockOf(ended, "job sweep");
      assert.match(line, new RegExp(String.raw`^\S+ job sweep done ${TIME}, 1 query ${TIME}$`));
      assert.doesNotMatch(ended.stderr, /^ {2}query/m);
    });

    it("has neither secrets, nor characters that control a terminal", () => {
      assert.doesNotMatch(ended.stderr, /swordfish/);
      // oxlint-disable-next-line no-control-regex -- that is what it looks for
      assert.doesNotMatch(ended.stderr, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    });
  });

  it("of queries has a line for each, with parameters but without secrets", async () => {
    const { code, stdout, stderr } = await run("/orders/7,/secret,/broken", {
      TELLTALE_DEV_LOG: "queries",
    });
    assert.equal(code, 0);
    assert.equal(stdout, "order is loaded\n/orders/7 200\n/secret 200\n/broken 409\n");
    const queries = stderr.split("\n").filter((line) => line.startsWith("  query "));
    const third = queries.find((line) => line.includes("[3]"));
    assert.match(
      String(third),
      new RegExp(
        String.raw`^ {2}query ${TIME} (?:1 row )?SELECT name FROM items WHERE id = \? \[3\] at shop\.mjs:16 \(loadItem\), GET /orders/7$`,
      ),
    );
    assert.match(
      stderr,
      /WHERE name = :password \[\{ password: 'REDACTED' \}\] at shop\.mjs:\d+, GET \/secret$/m,
    );
    assert.match(stderr, /WHERE name = \? \[a\\u001b\[31m\\nred\] at shop\.mjs/);
    assert.match(
      stderr,
      /^ {2}query \S+ m?s failed \([^)]+\) INSERT INTO items .* \[1, twice\] at/m,
    );
    assert.doesNotMatch(stderr, /swordfish/);
  });

  it("is refused under NODE_ENV=production, in one line", async () => {
    const env = { TELLTALE_DEV_LOG: "queries", NODE_ENV: "production" };
    const { code, stdout, stderr } = await run("/orders/7", env);
    assert.deepEqual([code, stdout], [0, "order is loaded\n/orders/7 200\n"]);
    assert.equal(
      stderr,
      'telltale: TELLTALE_DEV_LOG: received "queries", expected another NODE_ENV than production; using no log for development\norder is late\n',
    );
  });

  it("is written under telltale dev, too", async () => {
    const port = String(await freePort());
    const args = ["dev", "--port", port, "--", node, file];
    const env = { ...quiet, PATHS: "/orders/7", TELLTALE_DEV_LOG: "requests" };
    const dev = new Program({ file: cli, args, cwd, env });
    const { stdout, stderr } = await dev.ended;
    assert.match(stdout, /^\/orders\/7 200$/m);
    assert.match(stderr, /GET \/orders\/7 \(\/orders\/:id\) 200 .*5 queries/);
    assert.match(stderr, /N\+1: 5 times/);
  });

  const terminals: readonly (readonly [string, Variables, boolean])[] = [
    ["has colours on a terminal", { TERM: "xterm-256color" }, true],
    ["has no colours with NO_COLOR", { TERM: "xterm-256color", NO_COLOR: "1" }, false],
    ["has no colours on a terminal without them", { TERM: "dumb" }, false],
  ];
  for (const [title, variables, hasColours] of terminals) {
    it(title, async () => {
      const env = { ...quiet, PATHS: "/orders/7", TELLTALE_DEV_LOG: "requests", ...variables };
      const command = [node, ...preload.import, file].map((part) => `'${part}'`).join(" ");
      const flags = ["--quiet", "--return", "--command", command];
      // The program `script` of util-linux runs a command in a terminal of its own.
      const { code, stdout } = await new Program({
        node: "script",
        flags,
        file: "/dev/null",
        cwd,
        env: { SHELL: "/bin/sh", ...env },
      }).ended;
      assert.equal(code, 0, stdout);
      assert.match(stdout, /GET \/orders\/7/);
      assert.equal(stdout.includes("\u001b[1mGET /orders/7\u001b[22m"), hasColours, stdout);
      assert.equal(stdout.includes("\u001b["), hasColours, stdout);
    });
  }
});
