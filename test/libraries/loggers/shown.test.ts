import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { ReceivedLog } from "../../../src/testing/received.ts";
import { type LoggerRun, runLogger } from "./run.ts";

interface ShownRows {
  readonly rows: readonly { readonly title: string; readonly onConsole?: boolean }[];
  secretOf(at: number): string;
  visibleOf(at: number): string;
}

const load = createRequire(import.meta.url);
const { rows, secretOf, visibleOf } = load("./apps/shown-rows.cjs") as ShownRows;

/** The versions of pino with all of the hooks, which start with 9.6, and the Node that runs each. */
const pinos = [
  ["pino", "26"],
  ["pino9", "22.15"],
] as const;

for (const [pino, node] of pinos) {
  describe(`A secret that the app hides in its lines is not exported, and the rest is (${pino}, Node ${node})`, () => {
    let run: LoggerRun;
    let shown: readonly (readonly string[])[];
    before(async () => {
      run = await runLogger("shown.cjs", { node, args: [pino] });
      assert.equal(run.code, 0, run.stderr);
      shown = JSON.parse(run.stdout.trim().split("\n").at(-1) ?? "") as typeof shown;
    });

    for (const [at, { title, onConsole }] of rows.entries()) {
      it(`with ${title}`, () => {
        const secret = secretOf(at);
        const visible = visibleOf(at);
        const text = onConsole === true ? run.stdout + run.stderr : (shown[at]?.join("") ?? "");
        assert.ok(text.includes(visible), "the app does not show the visible word");
        assert.ok(!isIn(text, secret), "the app shows the secret");
        const sent = [...run.logs, ...run.spans].map((item) => JSON.stringify(item)).join("");
        assert.ok(!isIn(sent, secret), `the secret was exported: ${recordsWith(run, secret)}`);
        const found = run.logs.filter((record) => JSON.stringify(record).includes(visible));
        assert.ok(found.length > 0, "no record has the visible word");
        for (const { body } of found) assert.ok(!isEmpty(body), "the record has no body");
      });
    }
  });
}

/** Whether a text has the secret, and not only as the start of another row's. */
function isIn(text: string, secret: string): boolean {
  return new RegExp(`${secret}(?!\\d)`).test(text);
}

function isEmpty(body: ReceivedLog["body"]): boolean {
  return body === null || body === undefined || body === "";
}

function recordsWith({ logs }: LoggerRun, secret: string): string {
  return JSON.stringify(logs.filter((record) => isIn(JSON.stringify(record), secret)));
}
