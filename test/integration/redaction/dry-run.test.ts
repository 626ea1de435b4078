import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { tmpdir } from "node:os";
import { Readable } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { harmlessTexts, plantedSecrets } from "../../redaction/secrets.ts";

const cli = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Options {
  readonly args?: readonly string[];
  readonly flags?: readonly string[];
  readonly policy?: string;
}

/** Runs `telltale redact` with an input. */
async function run(input: string | Iterable<string>, options: Options = {}): Promise<Result> {
  const { args = [], flags = [], policy } = options;
  const { TELLTALE_REDACT: _, ...env } = process.env;
  const child = spawn(process.execPath, [...flags, cli, "redact", ...args], {
    env: policy === undefined ? env : { ...env, TELLTALE_REDACT: policy },
  });
  const outputs = Promise.all([textOf(child.stdout), textOf(child.stderr), once(child, "exit")]);
  // A process that reports wrong use does not read its input.
  await pipeline(Readable.from(typeof input === "string" ? [input] : input), child.stdin).catch(
    () => {},
  );
  const [stdout, stderr, [code]] = (await outputs) as [string, string, [number]];
  return { code, stdout, stderr };
}

const rows: readonly (readonly [
  title: string,
  input: string,
  places: readonly object[],
  printed: string,
  policy?: string,
])[] = [
  ["an empty input", "", [], ""],
  ["a text without secrets", "a\nb 12 ms\n\n", [], "a\nb 12 ms\n\n"],
  [
    "a secret in a text",
    "ok\r\nuser=bob password=abc1 x\r\n",
    [{ line: 2, column: 19, kind: "assignment", sign: "name" }],
    "ok\r\nuser=bob password=REDACTED x\r\n",
  ],
  [
    "several secrets in a line without an end",
    "Bearer abcd1234, 4111 1111 1111 1111",
    [
      { line: 1, column: 8, kind: "credentials", sign: "form" },
      { line: 1, column: 18, kind: "card number", sign: "form" },
    ],
    "Bearer REDACTED, REDACTED",
  ],
  [
    "fields of a line of JSON, whose other numbers stay",
    '{"a":[{"user":{"pin":"1234"}}],"note":"to DE89370400440532013000","n":6212345678901234567,"id":12345678901234567890}\n',
    [
      { line: 1, path: "a.user.pin", kind: "field", sign: "name" },
      { line: 1, path: "note", kind: "iban", sign: "form" },
    ],
    '{"a":[{"user":{"pin":"REDACTED"}}],"note":"to REDACTED","n":6212345678901234567,"id":12345678901234567890}\n',
  ],
  [
    "a name of a field that is a secret itself",
    '{"Bearer abcd1234":"pin=1234"}\n',
    [{ line: 1, path: "Bearer REDACTED", kind: "assignment", sign: "name" }],
    '{"Bearer abcd1234":"pin=REDACTED"}\n',
  ],
  [
    "a list and what only looks like JSON",
    '["https://bob:pw1@h/"]\n{token: "abc1"}\n',
    [
      { line: 1, path: "", kind: "url", sign: "form" },
      { line: 2, column: 10, kind: "assignment", sign: "name" },
    ],
    '["https://REDACTED@h/"]\n{token: "REDACTED"}\n',
  ],
  [
    "a private key of several lines",
    "-----BEGIN PRIVATE KEY-----\nMIIE\nabcd\n-----END PRIVATE KEY----- pin=1234\nMIIE\n",
    [
      { line: 1, column: 28, kind: "private key", sign: "form" },
      { line: 2, column: 1, kind: "private key", sign: "form" },
      { line: 3, column: 1, kind: "private key", sign: "form" },
      { line: 4, column: 31, kind: "assignment", sign: "name" },
    ],
    "-----BEGIN PRIVATE KEY-----REDACTED\nREDACTED\nREDACTED\n-----END PRIVATE KEY----- pin=REDACTED\nMIIE\n",
  ],
  [
    "the user's policy",
    'emp-123456 bob@example.com pin=1234\n{"user":{"name":"bob"}}\n',
    [
      { line: 1, column: 1, kind: "pattern", sign: "pattern" },
      { line: 1, column: 12, kind: "email address", sign: "form" },
      { line: 2, path: "user.name", kind: "field", sign: "name" },
    ],
    'REDACTED REDACTED pin=1234\n{"user":{"name":"REDACTED"}}\n',
    "/EMP-\\d{6}/i,email,user.*,-pin",
  ],
];

describe("telltale redact", () => {
  for (const [title, input, places, printed, policy] of rows) {
    it(`shows and redacts ${title}`, async () => {
      const options = policy === undefined ? {} : { policy };
      const [text, json, print] = await Promise.all([
        run(input, options),
        run(input, { ...options, args: ["--json"] }),
        run(input, { ...options, args: ["--print"] }),
      ]);
      const lines = input.split("\n").length - (/(?:^|\n)$/.test(input) ? 1 : 0);
      assert.deepEqual(JSON.parse(json.stdout), { places, lines, secrets: places.length });
      assert.equal(print.stdout, printed);
      assert.equal(text.stdout.split("\n").length, places.length + 2);
      for (const { code, stderr } of [text, json, print]) {
        assert.equal(code, places.length === 0 ? 0 : 1);
        assert.equal(stderr, "");
      }
    });
  }

  it("shows the place, the kind and the sign in words", async () => {
    const { stdout } = await run('pin=1234\n{"a":{"token":"abc1"}}\n');
    assert.equal(
      stdout,
      "line 1, column 5: assignment (name)\nline 2, a.token: field (name)\n2 secrets in 2 lines\n",
    );
  });

  it("never shows one of 150 secrets, and finds each", async () => {
    const texts = plantedSecrets.flatMap(({ secret, texts }) =>
      texts.map((text) => text.replace("*", () => secret).replaceAll("\n", "\\n")),
    );
    const input = texts.map((text) => `${text}\n${JSON.stringify({ note: text })}\n`).join("");
    for (const args of [[], ["--json"], ["--print"]]) {
      const { stdout, stderr } = await run(input, { args });
      for (const { secret } of plantedSecrets)
        if (!/^\d{1,8}$/.test(secret)) assert.ok(!(stdout + stderr).includes(secret), secret);
    }
    const { stdout } = await run(input, { args: ["--json"] });
    const { places } = JSON.parse(stdout) as { places: { line: number }[] };
    assert.equal(new Set(places.map(({ line }) => line)).size, 2 * texts.length);
  });

  it("finds nothing in 200 texts without secrets, and prints them as they are", async () => {
    const input = harmlessTexts.filter((text) => !text.includes("\ud800")).join("\n");
    const { code, stdout } = await run(input, { args: ["--print"] });
    assert.equal(code, 0);
    assert.equal(stdout, input);
  });

  it("reads 100 MB with 64 MB of memory, also of one line", async () => {
    for (const end of ["\n", " "]) {
      const piece = `2026-11-30 request of user bob in 12 ms, order 4711${end}`.repeat(2000);
      const input = (function* () {
        for (let count = 0; count < 1000; count++) yield piece;
        yield "pin=1234\n";
      })();
      const { code, stdout, stderr } = await run(input, { flags: ["--max-old-space-size=64"] });
      assert.equal(code, 1, stderr);
      assert.match(stdout, /\n1 secret in (?:2000001 lines|1 line)\n$/);
      assert.equal(/more than 1 MB was read in parts/.test(stderr), end === " ");
    }
  });

  const wrong: readonly (readonly [title: string, args: readonly string[], line: string])[] = [
    ["an unknown option", ["--prin"], "option --prin is not known, did you mean --print?"],
    ["a file as argument", ["app.log"], "unexpected argument: all are options, such as --help"],
    ["two outputs", ["--print", "--json"], "--print and --json exclude each other"],
  ];
  for (const [title, args, line] of wrong) {
    it(`reports wrong use: ${title}`, async () => {
      const { code, stdout, stderr } = await run("pin=1234\n", { args });
      assert.equal(code, 2);
      assert.equal(stderr, `telltale: ${line}\n`);
      assert.equal(
        stdout,
        args.includes("--json") ? `{"status":"wrong use","problems":["${line}"]}\n` : "",
      );
    });
  }

  it("reports wrong use: a folder as input", async () => {
    const child = spawn(process.execPath, [cli, "redact"], {
      stdio: [openSync(tmpdir(), "r"), "pipe", "pipe"],
    });
    assert.ok(child.stderr);
    const [stderr] = await Promise.all([textOf(child.stderr), once(child, "exit")]);
    assert.equal(stderr, "telltale: there is no input: telltale redact < FILE\n");
    assert.equal(child.exitCode, 2);
  });

  it("shows its help", async () => {
    const { code, stdout } = await run("", { args: ["--help"] });
    assert.equal(code, 0);
    assert.match(stdout, /^telltale redact \[options\] < FILE\n/);
  });

  it("reports that a policy is off or unusable, and reads on", async () => {
    const off = await run("pin=1234\n", { policy: "none", args: ["--print"] });
    assert.deepEqual(off, {
      code: 0,
      stdout: "pin=1234\n",
      stderr: "telltale: TELLTALE_REDACT is none, so nothing is redacted\n",
    });
    const partly = await run("pin=1234 EMP\n", { policy: "/(a/,/EMP/,a b", args: ["--print"] });
    assert.equal(partly.stdout, "pin=REDACTED REDACTED\n");
    assert.match(partly.stderr, /TELLTALE_REDACT: received "a b".*\n.*received "\/\(a\/".*\n/);
  });

  it("ends with its reader", async () => {
    const child = spawn("sh", ["-c", `"${process.execPath}" "${cli}" redact | head -n 1`]);
    const output = textOf(child.stdout);
    const errors = textOf(child.stderr);
    await pipeline(Readable.from(["pin=1234\n".repeat(100_000)]), child.stdin);
    assert.equal(await output, "line 1, column 5: assignment (name)\n");
    assert.equal(await errors, "");
  });
});
