import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { mock } from "node:test";
import { DrainableServers } from "../../src/lifecycle/graceful/drainable-servers.ts";
import { pollUntilTrue } from "../until.ts";

const REQUEST = "GET / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n";
/** The number of bytes that arrive before the server closes. */
const BEGINNING = 10;

describe("A server that closes", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "telltale-drain-"));
  });
  afterEach(() => {
    mock.restoreAll();
    rmSync(folder, { recursive: true });
  });

  it("answers a request that has arrived while the event loop was blocked", async () => {
    const path = join(folder, "socket");
    let inFlight = 0;
    const server = createServer((_request, response) => {
      inFlight++;
      response.once("close", () => inFlight--);
      setTimeout(() => response.end("done"), 30);
    }).listen(path);
    await once(server, "listening");
    const client = connect(path);
    const [[socket]] = (await Promise.all([
      once(server, "connection"),
      once(client, "connect"),
    ])) as unknown as [[Socket], unknown];
    // A connection without the beginning of a request closes at once.
    client.write(REQUEST.slice(0, BEGINNING));
    await pollUntilTrue(() => socket.bytesRead === BEGINNING, "the beginning");
    const servers = new DrainableServers(() => inFlight);
    servers.add(server);
    const closing = servers.close();
    // The rest of the request is in the kernel's buffer when the time for it is over.
    client.write(REQUEST.slice(BEGINNING));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 40);
    const { now } = performance;
    mock.method(performance, "now", () => now.call(performance) + 60_000);
    assert.match(await text(client), /^HTTP\/1\.1 200 OK\r\n[^]*done/);
    await closing;
  });
});
