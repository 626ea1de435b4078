import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { nodes } from "../../nodes.ts";
import { type ProgramResult, preload, Program, telemetryEnv } from "../program.ts";

const runtime = fileURLToPath(new URL("runtime.mjs", import.meta.url));

const BODY = `async (event) => {
  if (event.fail) throw new Error("no stock");
  return { statusCode: 200, body: event.item };
};`;

/** Handlers in all forms that AWS's runtime supports. */
const handlers = [
  { title: "exports of CommonJS", file: "index.js", text: `exports.handler = ${BODY}` },
  {
    title: "a constant of an ES module",
    file: "index.mjs",
    text: `export const handler = ${BODY}`,
  },
  {
    title: "a list of exports of an ES module, in a folder",
    file: "dist/orders.mjs",
    text: `const create = ${BODY}\nexport { create as handler };`,
  },
];

describe("A function of AWS Lambda", () => {
  let root: string;
  let receiver: Receiver;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "telltale-lambda-"));
    receiver = await startReceiver();
  });
  afterEach(async () => {
    await receiver.close();
    await rm(root, { recursive: true, force: true });
  });

  const run = async (
    node: string,
    { file, text }: { file: string; text: string },
    env: Record<string, string> = {},
    events: readonly string[] = ['{ "item": "lamp" }', '{ "fail": true }'],
  ): Promise<ProgramResult> => {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), text);
    const program = new Program({
      node,
      flags: [...preload.import],
      file: runtime,
      args: events,
      env: {
        ...telemetryEnv(receiver),
        OTEL_LOG_LEVEL: "warn",
        AWS_LAMBDA_FUNCTION_NAME: "orders",
        LAMBDA_TASK_ROOT: root,
        _HANDLER: file.replace(/\.\w+$/, ".handler"),
        ...env,
      },
    });
    const ended = await program.ended;
    await receiver.settled();
    return ended;
  };

  for (const { name, path } of nodes) {
    for (const handler of handlers) {
      it(`is traced as ${handler.title}, and sends its telemetry before it is frozen (Node ${name})`, async () => {
        const ended = await run(path, handler);
        assert.equal(ended.stderr, "");
        assert.deepEqual(ended.stdout.trim().split("\n"), [
          `{"statusCode":200,"body":"lamp"}`,
          `"no stock"`,
        ]);
        const spans = receiver.spans.map(({ name, kind, status, attributes }) => [
          name,
          kind,
          status.code,
          attributes["faas.coldstart"],
        ]);
        assert.deepEqual(spans, [
          ["orders", "SERVER", "UNSET", true],
          ["orders", "SERVER", "ERROR", false],
        ]);
      });
    }
  }

  const strange = [
    {
      title: "without an ARN",
      event: `{ "item": "lamp" }`,
      context: `{ "functionName": "orders" }`,
    },
    { title: "without a context", event: `{ "item": "lamp" }`, context: "null" },
    {
      title: "with messages that are none",
      event: `{ "item": "lamp", "Records": [{ "eventSource": "aws:sqs" }, null] }`,
      context: "{}",
    },
    {
      title: "with headers that are none",
      event: `{ "item": "lamp", "headers": 1 }`,
      context: "{}",
    },
  ];
  for (const { title, event, context } of strange) {
    it(`is called as without the preload ${title}, and has a span`, async () => {
      const [handler] = handlers;
      assert.ok(handler);
      const { stdout, stderr } = await run(process.execPath, handler, { CONTEXT: context }, [
        event,
      ]);
      assert.deepEqual([stdout, stderr], [`{"statusCode":200,"body":"lamp"}\n`, ""]);
      assert.ok(receiver.spans.some(({ kind }) => kind === "SERVER"));
    });
  }

  it("is not traced if its instrumentation is disabled", async () => {
    const [handler] = handlers;
    assert.ok(handler);
    const env = { OTEL_NODE_DISABLED_INSTRUMENTATIONS: "aws-lambda" };
    const { stderr } = await run(process.execPath, handler, env);
    assert.deepEqual([stderr, receiver.spans], ["", []]);
  });
});
