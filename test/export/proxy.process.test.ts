import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, request as forward } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type Receiver, startReceiver } from "../../src/testing/receiver.ts";
import { makeCertificates } from "./certificates.ts";
import { type ExportProcessResult, runExportProcess } from "./export-process.ts";
import { WAIT_TIMEOUT_MS } from "../until.ts";

const COUNT = 10;
/** More than one batch: one is in flight when nothing else keeps the process alive. */
const MANY = 600;
/** For `user:s3cret`. */
const CREDENTIALS = `Basic ${Buffer.from("user:s3cret").toString("base64")}`;

/** A proxy that forwards everything to the receiver. */
interface Proxy {
  readonly port: number;
  /** Requests it received: `POST http://…` or `CONNECT …`. */
  readonly connectTargets: string[];
  close(): Promise<void>;
}

type Tunnel = "opens" | "refuses" | "hangs";

describe("With the variables of a proxy", () => {
  const { ca, server } = makeCertificates();
  let plain: Receiver;
  let secure: Receiver;
  before(async () => {
    [plain, secure] = await Promise.all([startReceiver(), startReceiver({ tls: server })]);
  });
  after(() => Promise.all([plain.close(), secure.close()]));
  beforeEach(() => {
    plain.clear();
    secure.clear();
  });

  interface Row {
    readonly title: string;
    readonly variables: Readonly<Record<string, string>>;
    readonly flags?: readonly string[];
    readonly isProxied: boolean;
  }
  const on = { NODE_USE_ENV_PROXY: "1" };
  const rows: readonly Row[] = [
    { title: "NODE_USE_ENV_PROXY=1", variables: on, isProxied: true },
    { title: "--use-env-proxy", variables: {}, flags: ["--use-env-proxy"], isProxied: true },
    {
      title: "NO_PROXY with the host",
      variables: { ...on, NO_PROXY: "127.0.0.1" },
      isProxied: false,
    },
    {
      title: "NO_PROXY with another",
      variables: { ...on, NO_PROXY: "192.0.2.1" },
      isProxied: true,
    },
    { title: "neither", variables: {}, isProxied: false },
  ];
  for (const { title, variables, flags = [], isProxied } of rows) {
    for (const scheme of ["http", "https"] as const) {
      for (const end of ["flushed", "exit"] as const) {
        it(`${title}: ${scheme} goes ${isProxied ? "by the proxy" : "directly"}, end: ${end}`, async () => {
          const receiver = scheme === "http" ? plain : secure;
          const proxy = await startProxy(receiver.port, "opens");
          const address = `http://user:s3cret@127.0.0.1:${proxy.port}`;
          const result = await runExportProcess(
            {
              url: receiver.url,
              count: COUNT,
              end,
              otlp: { tls: { ca, cert: undefined, key: undefined } },
            },
            flags,
            { HTTP_PROXY: address, HTTPS_PROXY: address, ...variables },
          ).ended;
          await proxy.close();
          assert.deepEqual(result.report.counts, { sent: COUNT }, result.stderr);
          assert.equal(receiver.spans.length, COUNT);
          const asked =
            scheme === "http"
              ? `POST ${receiver.url}/v1/traces`
              : `CONNECT 127.0.0.1:${receiver.port}`;
          assert.deepEqual(proxy.connectTargets, isProxied ? [asked] : []);
        });
      }
    }
  }

  for (const [tunnel, deadlineMs, line] of [
    [
      "refuses",
      WAIT_TIMEOUT_MS,
      /: the proxy opened no tunnel; check HTTPS_PROXY and NO_PROXY|ERR_PROXY_TUNNEL/,
    ],
    ["hangs", 300, /no answer within the 300 ms left at the end/],
  ] as const) {
    it(`a proxy that ${tunnel} is logged once without its password, and does not keep the process alive`, async () => {
      const proxy = await startProxy(secure.port, tunnel);
      const { report, stderr, tookMs } = await exitThrough(proxy, secure, ca, deadlineMs);
      await proxy.close();
      assert.deepEqual(report.counts, { shutdown: MANY }, stderr);
      assert.match(stderr, line);
      assert.doesNotMatch(stderr, /s3cret/);
      assert.equal(stderr.split("\n").length, 2, stderr);
      assert.ok(tookMs < WAIT_TIMEOUT_MS, `${tookMs} ms`);
    });
  }
});

function exitThrough(
  proxy: Proxy,
  { url }: Receiver,
  ca: string,
  deadlineMs: number,
): Promise<ExportProcessResult> {
  const tls = { ca, cert: undefined, key: undefined };
  return runExportProcess({ url, count: MANY, deadlineMs, otlp: { timeoutMs: 300_000, tls } }, [], {
    NODE_USE_ENV_PROXY: "1",
    HTTPS_PROXY: `http://user:s3cret@127.0.0.1:${proxy.port}`,
  }).ended;
}

async function startProxy(target: number, tunnel: Tunnel): Promise<Proxy> {
  const connectTargets: string[] = [];
  const sockets = new Set<Duplex>();
  const knows = ({ headers }: IncomingMessage): boolean =>
    headers["proxy-authorization"] === CREDENTIALS;
  const proxy = createServer((request, response) => {
    connectTargets.push(`${request.method} ${request.url}`);
    if (!knows(request)) return void response.writeHead(407).end();
    const { "proxy-authorization": _, ...headers } = request.headers;
    const path = new URL(request.url ?? "").pathname;
    const onwards = forward({ port: target, method: "POST", path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onwards);
  });
  proxy.on("connection", (socket: Socket) => sockets.add(socket.on("error", () => {})));
  proxy.on("connect", (request: IncomingMessage, socket: Duplex) => {
    connectTargets.push(`CONNECT ${request.url}`);
    if (tunnel === "hangs") return;
    if (tunnel === "refuses" || !knows(request)) return void socket.end("HTTP/1.1 403 No\r\n\r\n");
    const onwards = connect(target, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      socket.pipe(onwards).pipe(socket);
    });
    sockets.add(onwards.on("error", () => {}));
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  return {
    port: (proxy.address() as AddressInfo).port,
    connectTargets,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await once(proxy, "close");
    },
  };
}
