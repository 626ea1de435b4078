import assert from "node:assert/strict";
import { UnitOfWork } from "../../../src/context/unit-of-work.ts";
import { HttpConnection } from "../../../src/http/server/http-connection.ts";

const PEER = { "client.address": "10.0.0.1", "network.peer.address": "10.0.0.1" };

describe("An HTTP connection", () => {
  it("has the attributes of client, server and peer", () => {
    const connection = new HttpConnection({ remoteAddress: "10.0.0.1", remotePort: 4321 });
    assert.deepEqual(connection.clientAttributes("shop.example:8080", "curl").attributes, {
      ...PEER,
      "network.peer.port": 4321,
      "server.address": "shop.example",
      "server.port": 8080,
      "user_agent.original": "curl",
    });
  });

  it("returns the same attributes while host and user agent are the same", () => {
    const connection = new HttpConnection({ remoteAddress: "10.0.0.1" });
    const first = connection.clientAttributes("a", "b");
    assert.equal(connection.clientAttributes("a", "b"), first);
    assert.notEqual(connection.clientAttributes("a", "c"), first);
    assert.notEqual(connection.clientAttributes(undefined, undefined), first);
  });

  it("has no attributes for what is unknown", () => {
    const { attributes } = new HttpConnection(undefined).clientAttributes(undefined, undefined);
    assert.deepEqual(attributes, {});
  });

  it("reads the peer from the handle below the socket", () => {
    const socket = {
      get remoteAddress(): never {
        return assert.fail("the socket was asked");
      },
      _handle: {
        getpeername(found: { address?: string; port?: number }) {
          Object.assign(found, { address: "10.0.0.1", port: 1 });
          return 0;
        },
      },
    };
    const { attributes } = new HttpConnection(socket).clientAttributes(undefined, undefined);
    assert.deepEqual(attributes, { ...PEER, "network.peer.port": 1 });
  });

  it("is https where the socket is encrypted", () => {
    assert.equal(new HttpConnection({ encrypted: true }).scheme, "https");
    assert.equal(new HttpConnection({}).scheme, "http");
  });

  it("removes one of several requests in flight, and no other", () => {
    const connection = new HttpConnection(undefined);
    const [first, second, third] = [new UnitOfWork(), new UnitOfWork(), new UnitOfWork()];
    connection.units.push(first, second);
    connection.remove(third);
    connection.remove(first);
    assert.deepEqual(connection.units, [second]);
    connection.remove(second);
    assert.deepEqual(connection.units, []);
  });
});
