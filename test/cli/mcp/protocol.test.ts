import assert from "node:assert/strict";
import { respondToLine } from "../../../src/cli/mcp/json-rpc.ts";
import { createProtocol } from "../../../src/cli/mcp/protocol.ts";
import { SourceError } from "../../../src/cli/viewer/viewer-source.ts";
import { fixtureSource, repeatedCalls, unitDetail } from "../viewer/fixture-source.ts";

const place = { file: "/app/src/orders.js", line: 12, shown: "src/orders.js", function: "place" };

const failed = unitDetail({
  summary: { id: "feedbeef", name: "POST /orders", status: 500, failed: true },
  errors: [{ type: "TypeError", message: "total is not a function", frames: [place] }],
});
const slow = unitDetail({
  summary: { nPlusOne: true, durationMs: 900 },
  repeated: [repeatedCalls()],
});

const handle = createProtocol(async () => fixtureSource({ units: [failed, slow] }));

interface Response {
  readonly id: number | string | null;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: number; readonly message: string };
}

async function send(line: unknown): Promise<Response | undefined> {
  const text = typeof line === "string" ? line : JSON.stringify(line);
  const response = await respondToLine(text, handle);
  assert.ok(response?.includes("\n") !== true);
  return response === undefined ? undefined : (JSON.parse(response) as Response);
}

const request = (method: string, params?: object): object => ({
  ...{ jsonrpc: "2.0", id: 7, method },
  ...(params && { params }),
});

async function call(name: string, args?: object): Promise<{ text: string; isError: boolean }> {
  const response = await send(request("tools/call", { name, ...(args && { arguments: args }) }));
  const { content, isError } = (response?.result ?? {}) as unknown as {
    content: { type: string; text: string }[];
    isError: boolean;
  };
  assert.equal(content[0]?.type, "text");
  return { text: content[0]?.text ?? "", isError };
}

describe("The MCP server", () => {
  for (const [asked, agreed] of [
    ["2025-11-25", "2025-11-25"],
    ["2025-06-18", "2025-06-18"],
    ["2025-03-26", "2025-03-26"],
    ["2024-11-05", "2024-11-05"],
    ["2099-01-01", "2025-11-25"],
  ]) {
    it(`agrees on ${agreed} with a client of ${asked}`, async () => {
      const params = { protocolVersion: asked, capabilities: {}, clientInfo: { name: "x" } };
      const response = await send(request("initialize", params));
      assert.equal(response?.id, 7);
      assert.equal(response.result?.["protocolVersion"], agreed);
      assert.deepEqual(response.result?.["capabilities"], { tools: {} });
    });
  }

  it("responds to ping, and not to notifications and responses", async () => {
    assert.deepEqual(await send(request("ping")), { jsonrpc: "2.0", id: 7, result: {} });
    for (const message of [
      { jsonrpc: "2.0", method: "notifications/initialized" },
      { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } },
      { jsonrpc: "2.0", id: 3, result: {} },
      "",
      "  ",
    ])
      assert.equal(await send(message), undefined);
  });

  const errors: readonly (readonly [what: string, line: unknown, code: number, id: unknown])[] = [
    ["no JSON", "{", -32_700, null],
    ["a text of a megabyte", `"${"x".repeat(1_000_001)}"`, -32_700, null],
    ["a number", "7", -32_600, null],
    ["another version of JSON-RPC", { jsonrpc: "1.0", id: 7, method: "ping" }, -32_600, 7],
    ["a method that is no text", { jsonrpc: "2.0", id: 7, method: 1 }, -32_600, 7],
    ["params that are a list", { jsonrpc: "2.0", id: 7, method: "ping", params: [] }, -32_600, 7],
    ["an id that is an object", { jsonrpc: "2.0", id: {}, method: "ping" }, -32_600, null],
    ["an empty batch", [], -32_600, null],
    ["a method that is not known", request("resources/list"), -32_601, 7],
    ["no version", request("initialize", {}), -32_602, 7],
    ["a tool that is not known", request("tools/call", { name: "rm" }), -32_602, 7],
    ["no tool", request("tools/call"), -32_602, 7],
    [
      "arguments that are a text",
      request("tools/call", { name: "recent_errors", arguments: "x" }),
      -32_602,
      7,
    ],
  ];
  for (const [what, line, code, id] of errors) {
    it(`responds to ${what} with error ${code}`, async () => {
      const response = await send(line);
      assert.equal(response?.error?.code, code);
      assert.equal(response.id, id);
    });
  }

  it("responds to a batch with the responses of its requests", async () => {
    const response = await respondToLine(
      JSON.stringify([request("ping"), { jsonrpc: "2.0", method: "notifications/x" }]),
      handle,
    );
    assert.deepEqual(JSON.parse(response ?? ""), [{ jsonrpc: "2.0", id: 7, result: {} }]);
  });

  it("lists four tools with schemas of their arguments", async () => {
    const response = await send(request("tools/list"));
    const tools = response?.result?.["tools"] as { name: string; inputSchema: object }[];
    assert.deepEqual(
      tools.map(({ name }) => name),
      ["recent_errors", "slow_requests", "show_request", "what_changed"],
    );
    for (const { inputSchema } of tools) assert.equal("properties" in inputSchema, true);
  });

  it("answers what failed, with the place of the error", async () => {
    const { text, isError } = await call("recent_errors");
    assert.equal(isError, false);
    assert.match(text, /1 failed request /);
    assert.match(text, /TypeError: "total is not a function"\n +at src\/orders\.js:12 \(place\)/);
  });

  it("answers what is slow, with the place of an N+1", async () => {
    const { text } = await call("slow_requests", { run: "current" });
    assert.match(text, /N\+1 \(warning\) at src\/orders\.js:41 \(list\): 12 calls/);
  });

  it("shows a request", async () => {
    const { text } = await call("show_request", { id: "feedbeef" });
    assert.match(text, /^feedbeef POST \/orders: failed with status 500/);
  });

  const problems: readonly (readonly [args: object, problem: RegExp])[] = [
    [{}, /^id is missing$/],
    [{ id: "x" }, /^there is no request x in the viewer/],
    [{ id: "feedbeef", span: "77" }, /^request feedbeef has no span 77/],
    [{ id: 7 }, /^id: expected a text$/],
    [{ id: "feedbeef", spans_from: 0 }, /^spans_from: expected a whole number from 1 on$/],
    [{ id: "feedbeef", depth: 3 }, /^depth is not known; expected id, span, spans_from$/],
  ];
  for (const [args, problem] of problems) {
    it(`reports to the model what is wrong with ${JSON.stringify(args)}`, async () => {
      const { text, isError } = await call("show_request", args);
      assert.match(text, problem);
      assert.equal(isError, true);
    });
  }

  it("reports to the model that no viewer runs", async () => {
    const without = createProtocol(() => Promise.reject(new SourceError("no viewer runs")));
    const line = JSON.stringify(request("tools/call", { name: "recent_errors" }));
    const response = JSON.parse((await respondToLine(line, without)) ?? "") as Response;
    assert.equal(response.result?.["isError"], true);
  });
});
