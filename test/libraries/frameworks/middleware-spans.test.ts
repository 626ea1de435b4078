import assert from "node:assert/strict";
import type { ReceivedSpan } from "../../../src/testing/received.ts";
import { PrefetchQueue } from "../../integration/prefetch-queue.ts";
import type { FrameworkRow } from "./row.ts";
import { rows } from "./rows.ts";
import { requestCaseId, type FrameworkRun, runFramework } from "./run.ts";

/** A span with the name of its parent, its `<framework>.type` and its status. */
type Expected = readonly [name: string, parent: string, type: string, status: "UNSET" | "ERROR"];

interface Case {
  readonly installed: readonly string[];
  readonly request: string;
  /** All spans below the server span, in the order of their start. */
  readonly spans: readonly Expected[];
}

/** Express 4 has two built-in middleware functions. */
const ofExpress4 = (server: string): readonly Expected[] => [
  ["middleware - query", server, "middleware", "UNSET"],
  ["middleware - expressInit", server, "middleware", "UNSET"],
];

const cases: readonly Case[] = [
  ...[
    { installed: ["express-oldest", "express4"], own: ofExpress4 },
    { installed: ["express"], own: () => [] },
  ].flatMap(({ installed, own }): Case[] => [
    {
      installed,
      request: "GET /users/42",
      spans: [
        ...own("GET /users/:id"),
        ["middleware - pass", "GET /users/:id", "middleware", "UNSET"],
        ["request handler - /users/:id", "GET /users/:id", "request_handler", "UNSET"],
      ],
    },
    {
      installed,
      request: "GET /fails/7",
      spans: [
        ...own("GET /fails/:id"),
        ["middleware - pass", "GET /fails/:id", "middleware", "UNSET"],
        ["request handler - /fails/:id", "GET /fails/:id", "request_handler", "ERROR"],
      ],
    },
  ]),
  {
    installed: ["fastify-oldest", "fastify4", "fastify"],
    request: "GET /users/42",
    spans: [
      ["onRequest - early", "GET /users/:id", "hook", "UNSET"],
      ["preHandler - ready", "GET /users/:id", "hook", "UNSET"],
      ["handler - /users/:id", "GET /users/:id", "request-handler", "UNSET"],
    ],
  },
  {
    installed: ["fastify4", "fastify"],
    request: "GET /stopped/7",
    spans: [["onRequest - early", "GET /stopped/:id", "hook", "ERROR"]],
  },
  {
    installed: ["koa-oldest", "koa2", "koa"],
    request: "GET /shop/v1/users/42/orders/7",
    spans: [
      ["middleware - swallow", "GET /shop/v1/users/:id/orders/:order", "middleware", "UNSET"],
      ["middleware - report", "middleware - swallow", "middleware", "UNSET"],
      ["router - /shop/v1/users/:id/orders/:order", "middleware - report", "router", "UNSET"],
    ],
  },
  {
    installed: ["hapi20", "@hapi/hapi"],
    request: "GET /users/42",
    spans: [
      ["ext - onPreHandler", "GET /users/{id}", "server.ext", "UNSET"],
      ["route - /users/{id}", "GET /users/{id}", "router", "UNSET"],
      ["ext - onPreResponse", "GET /users/{id}", "server.ext", "UNSET"],
    ],
  },
  {
    installed: ["hono-oldest", "hono"],
    request: "GET /users/42",
    spans: [
      ["middleware - who", "GET /users/:id", "middleware", "UNSET"],
      ["handler - /users/:id", "middleware - who", "handler", "UNSET"],
    ],
  },
];

const esm = rows.filter(({ moduleSystem }) => moduleSystem === "esm");
const selectedRows = cases.flatMap(({ installed, ...one }) =>
  esm.filter((row) => installed.includes(row.installed)).map((row) => ({ row, ...one })),
);

describe("Middleware spans, if they are enabled", () => {
  const runs = new PrefetchQueue<FrameworkRow, FrameworkRun>(
    [...new Set(selectedRows.map(({ row }) => row))],
    (row) => runFramework(row, { TELLTALE_MIDDLEWARE_SPANS: "express,fastify,hapi,hono,koa" }),
  );
  after(() => runs.drain());

  for (const { row, request, spans } of selectedRows) {
    it(`${row.installed}, Node ${row.node}: ${request}`, async () => {
      const result = await runs.get(row);
      const at = result.requestCases.findIndex((requestCase) => requestCase.request === request);
      assert.deepEqual(belowServer(result.received.spans, requestCaseId(at)), spans);
    });
  }
});

function belowServer(spans: readonly ReceivedSpan[], requestId: string): unknown {
  const server = spans.find(({ attributes }) => attributes["telltale.request.id"] === requestId);
  const trace = spans.filter(({ traceId }) => traceId === server?.traceId);
  const names = new Map(trace.map(({ spanId, name }) => [spanId, name]));
  return trace
    .filter((span) => span !== server)
    .toSorted((a, b) => Number(BigInt(a.startTimeUnixNano) - BigInt(b.startTimeUnixNano)))
    .map(({ name, parentSpanId, attributes, status }) => {
      const type = Object.entries(attributes).find(([key]) => key.endsWith(".type"));
      return [name, names.get(parentSpanId), type?.[1], status.code];
    });
}
