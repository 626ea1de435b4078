import assert from "node:assert/strict";
import { createServer, get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { text } from "node:stream/consumers";

const clients: Readonly<Record<string, (url: string) => Promise<string>>> = {
  fetch: async (url) => (await fetch(url)).text(),
  "http.get": async (url) => {
    const [response] = (await once(get(url), "response")) as [IncomingMessage];
    return text(response);
  },
};

describe("A request of a test", () => {
  for (const [name, send] of Object.entries(clients)) {
    it(`has a connection of its own, by ${name}`, async () => {
      const server = createServer((request, response) => {
        response.end(String(request.socket.remotePort));
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const ports = [await send(url), await send(url), await send(url)];
      server.close();
      assert.equal(new Set(ports).size, 3);
    });
  }
});
