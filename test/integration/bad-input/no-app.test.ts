import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { node } from "../../nodes.ts";
import { preloadFlags } from "./service.ts";

const line =
  "telltale: preloaded without an app; add the app to the command: node --import telltale/register app.js\n";

interface Row {
  readonly title: string;
  readonly args: readonly string[];
  /** The text of a pipe, a file, or nothing (`/dev/null`). */
  readonly stdin: { readonly text: string } | { readonly file: URL } | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

const script = new URL("script.js", import.meta.url);

const rows: readonly Row[] = [
  { title: "logs one line without a script", args: [], stdin: undefined, stdout: "", stderr: line },
  {
    title: "logs one line in an interactive session",
    args: ["-i"],
    stdin: { text: "1 + 1\n.exit\n" },
    stdout: "> 2\n> ",
    stderr: line,
  },
  {
    title: "logs nothing for a script from a pipe",
    args: [],
    stdin: { text: "console.log('ran')" },
    stdout: "ran\n",
    stderr: "",
  },
  {
    title: "logs nothing for a script from a file on stdin",
    args: ["-"],
    stdin: { file: script },
    stdout: "ran\n",
    stderr: "",
  },
  {
    title: "logs nothing for --eval",
    args: ["--eval", "console.log('ran')"],
    stdin: undefined,
    stdout: "ran\n",
    stderr: "",
  },
  {
    title: "logs nothing for --print",
    args: ["-p", "'ran'"],
    stdin: undefined,
    stdout: "ran\n",
    stderr: "",
  },
  {
    title: "logs nothing for --check",
    args: ["--check", fileURLToPath(script)],
    stdin: undefined,
    stdout: "",
    stderr: "",
  },
];

describe("A preload without an app", () => {
  for (const { title, args, stdin, stdout, stderr } of rows) {
    it(title, async () => {
      assert.deepEqual(await run(args, stdin), { stdout, stderr, code: 0 });
    });
  }
});

async function run(
  args: readonly string[],
  stdin: Row["stdin"],
): Promise<{ stdout: string; stderr: string; code: number | null }> {
  const file = stdin !== undefined && "file" in stdin ? openSync(stdin.file, "r") : undefined;
  const child = spawn(node, [...preloadFlags, ...args], {
    env: {
      ...{ PATH: process.env["PATH"], NO_COLOR: "1", TERM: "dumb", NODE_REPL_HISTORY: "" },
      // Another process may have the default port when a slow one opens it.
      OTEL_EXPORTER_PROMETHEUS_PORT: "0",
    },
    stdio: [file ?? (stdin === undefined ? "ignore" : "pipe"), "pipe", "pipe"],
  });
  if (file !== undefined) closeSync(file);
  if (stdin !== undefined && "text" in stdin) child.stdin?.end(stdin.text);
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => (output[name] += text));
  }
  const [code] = (await once(child, "close")) as [number | null];
  // The interpreter prints its version first.
  const stdout = output.stdout.replace(/^Welcome to Node[^>]*/, "");
  return { stdout, stderr: output.stderr, code };
}
