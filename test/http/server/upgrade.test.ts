import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import type { ResponseHead } from "../../../src/http/server/server-request.ts";
import { onUpgradeResponse } from "../../../src/http/server/upgrade.ts";

const SWITCHING = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n";

/** Calls of a handler on the socket, and the status of the response; undefined: it is no HTTP. */
const rows: readonly (readonly [
  title: string,
  respond: (socket: PassThrough) => void,
  status: number | undefined,
])[] = [
  ["a text", (socket) => socket.write(SWITCHING), 101],
  ["a buffer", (socket) => socket.write(Buffer.from(SWITCHING)), 101],
  ["a Uint8Array", (socket) => socket.write(new TextEncoder().encode(SWITCHING)), 101],
  ["the end", (socket) => socket.end("HTTP/1.1 401 Unauthorized\r\n\r\n"), 401],
  ["HTTP/1.0", (socket) => socket.write("HTTP/1.0 400 Bad Request\r\n\r\n"), 400],
  ["another protocol", (socket) => socket.write("SSH-2.0-OpenSSH_9.6\r\n"), undefined],
  ["binary data", (socket) => socket.write(Buffer.from([0x81, 0x00])), undefined],
  [
    "two writes, of which the first counts",
    (socket) => {
      socket.write(SWITCHING);
      socket.write("HTTP/1.1 500 Internal Server Error\r\n\r\n");
    },
    101,
  ],
];

describe("The response to an upgrade", () => {
  for (const [title, respond, status] of rows) {
    it(`is read from ${title}`, () => {
      const heads: (ResponseHead | undefined)[] = [];
      const socket = new PassThrough();
      onUpgradeResponse(socket, (head) => heads.push(head));
      respond(socket);
      assert.deepEqual(heads, [
        status === undefined ? undefined : { headersSent: true, statusCode: status },
      ]);
    });
  }

  it("is not reported before data is written", () => {
    const socket = new PassThrough();
    onUpgradeResponse(socket, () => assert.fail("reported"));
    socket.end(() => {});
    assert.equal(socket.writableEnded, true);
  });

  it("restores the methods of the socket", () => {
    const socket = new PassThrough();
    onUpgradeResponse(socket, () => {});
    assert.equal(Object.hasOwn(socket, "write"), true);
    socket.write(SWITCHING);
    assert.equal(Object.hasOwn(socket, "write"), false);
    assert.equal(Object.hasOwn(socket, "end"), false);
  });

  it("leaves a method that others have patched meanwhile", () => {
    const socket = new PassThrough();
    onUpgradeResponse(socket, () => {});
    const { write } = socket;
    const patched: typeof write = (...args: unknown[]) =>
      Reflect.apply(write, socket, args) as boolean;
    socket.write = patched;
    socket.write(SWITCHING);
    assert.equal(socket.write, patched);
  });

  it("is not observed on an object that is no socket", () => {
    const socket = { write: 1 };
    onUpgradeResponse(socket, () => assert.fail("reported"));
    assert.deepEqual(socket, { write: 1 });
  });
});
