import assert from "node:assert/strict";
import { once } from "node:events";
import { request as ask } from "node:http";
import { connect, type Socket } from "node:net";
import { parsePage, samplesOf } from "../metrics/exposition.ts";
import { pollUntil, pollUntilTrue } from "../until.ts";
import { type AppProcess, startAppProcess } from "./child.ts";

/** Above the limit of the server. */
const CONNECTION_COUNT = 100;

const get = (path: string, ...headers: string[]): string =>
  [`GET ${path} HTTP/1.1`, "Host: 127.0.0.1", ...headers, "", ""].join("\r\n");

/** Bytes that each of many connections sends before it stays open, reading the response or not. */
const portHolders: readonly (readonly [title: string, bytes: string, reads?: false])[] = [
  ["send nothing", ""],
  ["send half a line", "GET /liv"],
  ["send half of the headers", "GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: "],
  [
    "send half of a body",
    "POST /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nabc",
  ],
  ["send what is no HTTP", "\u0016\u0003\u0001"],
  ["send garbage after a request", `${get("/livez")}garbage\r\n\r\n`],
  ["keep their connections", get("/livez")],
  ["ask for a page and don't read it", get("/metrics"), false],
  ["ask for eight pages and don't read them", get("/metrics").repeat(8), false],
];

describe("Clients that hold connections of the admin server open", () => {
  // Concurrently, since each takes as long as the server's timeout.
  const results = new Map<string, Promise<unknown>>();
  before(() => {
    for (const [title, bytes, reads] of portHolders) {
      const result = probeDuring(bytes, reads).catch((error: unknown) => error);
      results.set(title, result);
    }
  });
  for (const [title] of portHolders) {
    it(`and ${title} don't keep probes out, and are disconnected`, async () => {
      assert.equal(await results.get(title), undefined);
    });
  }
});

async function probeDuring(bytes: string, reads: boolean | undefined): Promise<void> {
  const child = await startAppProcess();
  await child.command("large");
  const peers = Array.from({ length: CONNECTION_COUNT }, () =>
    openConnection(child.port, bytes, reads),
  );
  try {
    await Promise.all(peers.map((socket) => once(socket, "connect").catch(() => {})));
    for (const path of ["/livez", "/readyz", "/metrics"]) {
      assert.equal((await answerTo(child.port, path, "127.0.0.1")).status, 200, path);
    }
    const isFree = async (): Promise<true | undefined> =>
      (await child.command("connections")) === 0 || undefined;
    await pollUntil(isFree, "all are freed");
  } finally {
    for (const socket of peers) socket.destroy();
    await child.stop();
  }
}

/** Pipelined requests of one write. */
const requestFloods: readonly (readonly [title: string, bytes: string])[] = [
  ["1,000 scrapes", get("/metrics").repeat(1000)],
  ["10,000 scrapes", get("/metrics").repeat(10_000)],
  [
    "1,000 scrapes in two formats",
    (get("/metrics") + get("/metrics", "Accept: application/openmetrics-text")).repeat(500),
  ],
  ["1,000 compressed scrapes", get("/metrics", "Accept-Encoding: gzip").repeat(1000)],
  ["1,000 scrapes of the head alone", get("/metrics").replace("GET", "HEAD").repeat(1000)],
  [
    "1,000 scrapes with different Accept headers",
    Array.from({ length: 1000 }, (_, at) => get("/metrics", `Accept: text/plain;q=0.${at}`)).join(
      "",
    ),
  ],
  ["1,000 probes of all checks", get("/healthz").repeat(1000)],
];

describe("A client that pipelines requests", () => {
  for (const [title, bytes] of requestFloods) {
    it(`for ${title} is disconnected, after two collections at most`, async () => {
      const child = await startAppProcess();
      try {
        await child.command("count");
        await child.command("large");
        const peer = openConnection(child.port, bytes);
        await pollUntilTrue(() => peer.destroyed || peer.readableEnded, "a closed connection");
        peer.destroy();
        // One per format, and this one.
        assert.ok((await collectionsOf(child)) <= 3);
      } finally {
        await child.stop();
      }
    });
  }

  it("shares one collection with a hundred connections", async () => {
    const child = await startAppProcess();
    try {
      await child.command("count");
      await child.command("slow");
      const answers = await Promise.all(
        Array.from({ length: 60 }, () => fetch(`${child.url}/metrics`)),
      );
      for (const answer of answers) assert.equal(answer.status, 200);
      await Promise.all(answers.map((answer) => answer.arrayBuffer()));
      const collections = await collectionsOf(child);
      assert.ok(collections < 20, `${collections} collections for 61 scrapes`);
    } finally {
      await child.stop();
    }
  });
});

/** A `Host` header, and the status of a server on a loopback address and on any other one. */
const hosts: readonly (readonly [host: string, loopback: number, open: number])[] = [
  ["localhost", 200, 200],
  ["localhost:9464", 200, 200],
  ["LOCALHOST.:9464", 200, 200],
  ["shop.localhost", 200, 200],
  ["host.docker.internal:9464", 200, 200],
  ["127.0.0.1:9464", 200, 200],
  ["127.0.0.2", 200, 200],
  ["[::1]:9464", 200, 200],
  ["[::ffff:127.0.0.1]", 200, 200],
  ["10.1.2.3:9464", 200, 200],
  ["evil.example", 403, 200],
  ["internal", 403, 200],
  ["evil-internal", 403, 200],
  ["evil.example:9464", 403, 200],
  ["localhost.evil.example", 403, 200],
  ["127.0.0.1.evil.example", 403, 200],
  ["evillocalhost", 403, 200],
  ["shop.default.svc:9464", 403, 200],
];

describe("The admin server with the Host header", () => {
  const children = new Map<string, AppProcess>();
  before(async () => {
    for (const address of ["127.0.0.1", "0.0.0.0", "localhost"]) {
      children.set(address, await startAppProcess({ OTEL_EXPORTER_PROMETHEUS_HOST: address }));
    }
  });
  after(() => Promise.all([...children.values()].map((child) => child.stop())));

  for (const [host, loopback, open] of hosts) {
    for (const [address, status] of [
      ["127.0.0.1", loopback],
      ["localhost", loopback],
      // Reached from the local host, but a server that is open to others may have any name.
      ["0.0.0.0", open],
    ] as const) {
      for (const path of ["/metrics", "/healthz"]) {
        it(`"${host}" on ${address} responds to ${path} with ${status}`, async () => {
          const child = children.get(address)!;
          const answer = await answerTo(child.port, path, host);
          assert.equal(answer.status, status);
          if (status === 403) assert.match(answer.body, /loopback.*OTEL_EXPORTER_PROMETHEUS_HOST/);
        });
      }
    }
  }
});

/** A connection that stays open until the server closes it. */
function openConnection(port: number, bytes: string, reads = true): Socket {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => {});
  if (reads) socket.resume();
  if (bytes !== "") socket.write(bytes);
  return socket;
}

async function collectionsOf(child: AppProcess): Promise<number> {
  const page = parsePage(await (await fetch(`${child.url}/metrics`)).text());
  return samplesOf(page, "collections")[0]?.value ?? NaN;
}

async function answerTo(
  port: number,
  path: string,
  host: string,
): Promise<{ readonly status: number; readonly body: string }> {
  const request = ask({ port, host: "127.0.0.1", path, headers: { host }, agent: false }).end();
  const [response] = (await once(request, "response")) as [import("node:http").IncomingMessage];
  let body = "";
  for await (const part of response.setEncoding("utf8")) body += part;
  return { status: response.statusCode ?? 0, body };
}
