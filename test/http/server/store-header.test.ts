import assert from "node:assert/strict";
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { Duplex } from "node:stream";
import { registerDetached } from "../../../src/context/in-flight-requests.ts";
import { UnitOfWork } from "../../../src/context/unit-of-work.ts";
import { wrapStoreHeader } from "../../../src/http/server/store-header.ts";

type Respond = (response: ServerResponse) => void;

/** Ways to respond, and the request ids that the client receives: `generated` is telltale's. */
const forms: readonly (readonly [title: string, respond: Respond, ids: readonly string[]])[] = [
  ["no header", () => {}, ["generated"]],
  ["writeHead without headers", (response) => response.writeHead(201), ["generated"]],
  ["another header by setHeader", (response) => response.setHeader("a", "b"), ["generated"]],
  ["another header in an object", (response) => response.writeHead(200, { a: "b" }), ["generated"]],
  [
    "another header that names it",
    (response) => response.writeHead(200, ["access-control-expose-headers", "x-request-id"]),
    ["generated"],
  ],
  [
    "it as a value of pairs",
    (response) => response.writeHead(200, [["vary", "x-request-id"]] as never),
    ["generated"],
  ],
  ["setHeader", (response) => response.setHeader("x-request-id", "app"), ["app"]],
  ["setHeader in capitals", (response) => response.setHeader("X-REQUEST-ID", "app"), ["app"]],
  [
    "a list by setHeader",
    (response) => response.setHeader("x-request-id", ["app", "second"]),
    ["app", "second"],
  ],
  ["appendHeader", (response) => response.appendHeader("x-request-id", "app"), ["app"]],
  ["setHeaders", (response) => response.setHeaders(new Map([["x-request-id", "app"]])), ["app"]],
  ["an object", (response) => response.writeHead(200, { "x-request-id": "app" }), ["app"]],
  [
    "an object in mixed case",
    (response) => response.writeHead(200, { "X-Request-Id": "app" }),
    ["app"],
  ],
  [
    "an object without a prototype",
    (response) => response.writeHead(200, { __proto__: null, "X-Request-Id": "app" } as never),
    ["app"],
  ],
  [
    "an object after setHeader",
    (response) => {
      response.setHeader("a", "b");
      response.writeHead(200, { "X-Request-Id": "app" });
    },
    ["app"],
  ],
  ["a flat list", (response) => response.writeHead(200, ["x-request-id", "app"]), ["app"]],
  [
    "a flat list in capitals",
    (response) => response.writeHead(200, ["a", "b", "X-REQUEST-ID", "app"]),
    ["app"],
  ],
  ["pairs", (response) => response.writeHead(200, [["X-Request-Id", "app"]] as never), ["app"]],
  [
    "a status message and an object",
    (response) => response.writeHead(200, "Fine", { "X-Request-Id": "app" }),
    ["app"],
  ],
  [
    "flushed headers",
    (response) => {
      response.setHeader("x-request-id", "app");
      response.flushHeaders();
    },
    ["app"],
  ],
];

interface StoresHeader {
  _storeHeader: unknown;
}

describe("The request id of an HTTP/1 response", () => {
  const prototype = ServerResponse.prototype as unknown as StoresHeader;
  const original = prototype._storeHeader as () => void;
  before(() => wrapStoreHeader());
  after(() => {
    prototype._storeHeader = original;
  });

  for (const [title, respond, ids] of forms) {
    it(`is ${ids.join(" and ")} with ${title}`, () => {
      assert.deepEqual(idsIn(headOf(respond, unitWithId())), ids);
    });
  }

  it("is not sent for a request without a unit of work", () => {
    assert.deepEqual(idsIn(headOf(() => {}, undefined)), []);
  });

  it("is not sent for a unit of work without an id", () => {
    assert.deepEqual(idsIn(headOf(() => {}, new UnitOfWork())), []);
  });

  it("follows the status line directly", () => {
    const [first, second] = headOf((response) => response.writeHead(404), unitWithId()).split(
      "\r\n",
    );
    assert.deepEqual([first, second], ["HTTP/1.1 404 Not Found", "x-request-id: generated"]);
  });

  it("records the status that is sent, not one that the app sets later", () => {
    const unit = new UnitOfWork();
    headOf((response) => {
      response.writeHead(404);
      response.statusCode = 500;
    }, unit);
    assert.equal(unit.statusCode, 404);
  });

  it("leaves an error of the app's headers to Node", () => {
    const headers = {
      get a(): string {
        throw new TypeError("the app's");
      },
    };
    assert.throws(
      () => headOf((response) => response.writeHead(200, headers), unitWithId()),
      /the app's/,
    );
  });

  it("leaves name and length of the patched method", () => {
    const patched = prototype._storeHeader as () => void;
    assert.notEqual(patched, original);
    assert.deepEqual([patched.name, patched.length], [original.name, original.length]);
  });
});

/** Responds to a request of a unit of work, and returns the head as sent. */
function headOf(respond: Respond, unit: UnitOfWork | undefined): string {
  const request = new IncomingMessage(new Socket());
  if (unit !== undefined) registerDetached(request, unit);
  const chunks: Buffer[] = [];
  const socket = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  const response = new ServerResponse(request);
  response.assignSocket(socket as Socket);
  respond(response);
  response.end();
  return Buffer.concat(chunks).toString("latin1").split("\r\n\r\n")[0] ?? "";
}

function unitWithId(): UnitOfWork {
  return Object.assign(new UnitOfWork(), { requestId: "generated" });
}

function idsIn(head: string): string[] {
  return [...head.matchAll(/^x-request-id: (.*)$/gim)].map(([, id = ""]) => id.trim());
}
