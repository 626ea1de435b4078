import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import { rejectRequest } from "../../src/replies/rejected-request.ts";

const rows = [
  { title: "no request in time", sent: "", status: "408 Request Timeout" },
  {
    title: "a request that does not end in time",
    sent: "GET / HTTP/1.1\r\nhost: ",
    status: "408 Request Timeout",
  },
  { title: "no HTTP", sent: "hello\r\n\r\n", status: "400 Bad Request" },
  {
    title: "headers that are too long",
    sent: `GET / HTTP/1.1\r\nhost: ${"a".repeat(9_000)}`,
    status: "400 Bad Request",
  },
];

describe("A connection that has sent", () => {
  for (const { title, sent, status } of rows) {
    it(`${title} gets ${status}, and is closed`, async () => {
      const server = createServer({
        maxHeaderSize: 8_192,
        headersTimeout: 50,
        connectionsCheckingInterval: 20,
      });
      server.on("clientError", rejectRequest);
      try {
        await once(server.listen(0, "127.0.0.1"), "listening");
        const { port } = server.address() as AddressInfo;
        const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
        socket.write(sent);
        assert.equal(await text(socket), `HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
        socket.destroy();
      } finally {
        server.close();
      }
    });
  }
});
