import type { ReceivedValue } from "../../../src/testing/received.ts";
import { DISCONNECT, type ConversationStep } from "./conversation.ts";

/** Expected attributes of one span; undefined ones must be absent. */
export interface ExpectedServerSpan {
  readonly name?: string;
  readonly status?: number | undefined;
  readonly aborted?: true;
  readonly failed?: true;
  readonly minMs?: number;
  /** Whether it starts after the end of the span before it. */
  readonly isLater?: true;
  /** Whether it ends after the end of the span before it. */
  readonly endsLater?: true;
  readonly attributes?: Readonly<Record<string, ReceivedValue | undefined>>;
}

/** Conversation with one of the servers of the service. `CASE` stands for the key of its spans. */
export interface RequestScenario {
  readonly title: string;
  /** Default: `plain`. */
  readonly server?: string;
  readonly steps: readonly ConversationStep[];
  /** Spans in the order of the requests. */
  readonly spans: readonly ExpectedServerSpan[];
  /** Number of responses with a generated request id; default: one per span. */
  readonly ids?: number;
}

const HOST = "Host: service\r\n";
const CLOSE = "Connection: close\r\n";

function get(path: string, headers = "", last = false): string {
  return `GET ${path}${path.includes("?") ? "&" : "?"}CASE HTTP/1.1\r\n${HOST}${headers}${last ? CLOSE : ""}\r\n`;
}

/** Returns a GET with `Connection: close`. */
function lastGet(path: string, headers = ""): string {
  return get(path, headers, true);
}

const ok = { name: "GET", status: 200 } as const;

/** The server closes the connection before the end of the response. */
const broken = { failed: true, attributes: { "error.type": "_OTHER" } } as const;

export const requestScenarios: readonly RequestScenario[] = [
  {
    title: "three requests over one connection, one after the other, each with its own duration",
    steps: [
      get("/slow?ms=500"),
      /after 500/,
      get("/hello"),
      /hello/,
      get("/slow?ms=30"),
      /after 30/,
      lastGet("/hello"),
    ],
    spans: [
      { ...ok, minMs: 499 },
      { ...ok, isLater: true },
      { ...ok, isLater: true, minMs: 29 },
      { ...ok, isLater: true },
    ],
  },
  {
    title: "three requests at once, of which the first takes longest",
    steps: [get("/slow?ms=500") + get("/slow?ms=5") + lastGet("/hello")],
    // A response that waits for the previous ones has not ended yet.
    spans: [
      { ...ok, minMs: 499 },
      { ...ok, endsLater: true },
      { ...ok, endsLater: true },
    ],
  },
  {
    title: "HEAD",
    steps: [`HEAD /hello?CASE HTTP/1.1\r\n${HOST}${CLOSE}\r\n`],
    spans: [{ name: "HEAD", status: 200 }],
  },
  { title: "204", steps: [lastGet("/empty")], spans: [{ ...ok, status: 204 }] },
  { title: "304", steps: [lastGet("/known")], spans: [{ ...ok, status: 304 }] },
  { title: "404", steps: [lastGet("/nowhere")], spans: [{ ...ok, status: 404 }] },
  {
    title: "5xx",
    steps: [lastGet("/failed")],
    spans: [{ ...ok, status: 503, failed: true, attributes: { "error.type": "503" } }],
  },
  { title: "a chunked response", steps: [lastGet("/parts")], spans: [ok] },
  { title: "a response of a megabyte", steps: [lastGet("/big?bytes=1000000")], spans: [ok] },
  { title: "trailers", steps: [lastGet("/trailers")], spans: [ok] },
  { title: "headers that are flushed", steps: [lastGet("/flushed")], spans: [ok] },
  { title: "a status message with odd characters", steps: [lastGet("/reason")], spans: [ok] },
  {
    title: "early hints and other informational responses",
    steps: [lastGet("/informed")],
    spans: [ok],
  },
  {
    title: "an upload in chunks",
    steps: [
      `POST /body?CASE HTTP/1.1\r\n${HOST}${CLOSE}Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n`,
      "6\r\nsecond\r\n0\r\n\r\n",
    ],
    spans: [{ name: "POST", status: 200 }],
  },
  {
    title: "an upload that is not read",
    steps: [
      `POST /paused?CASE HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nfirst`,
      /without reading/,
      lastGet("/hello"),
    ],
    spans: [{ name: "POST", status: 200 }, ok],
  },
  {
    title: "Expect: 100-continue, accepted by Node",
    steps: [
      `PUT /body?CASE HTTP/1.1\r\n${HOST}${CLOSE}Expect: 100-continue\r\nContent-Length: 4\r\n\r\n`,
      /100 Continue/,
      "body",
    ],
    spans: [{ name: "PUT", status: 200 }],
  },
  {
    title: "Expect: 100-continue, accepted by the app, which then emits the request itself",
    server: "handling",
    steps: [
      `PUT /body?CASE HTTP/1.1\r\n${HOST}${CLOSE}Expect: 100-continue\r\nContent-Length: 4\r\n\r\n`,
      /100 Continue/,
      "body",
    ],
    spans: [{ name: "PUT", status: 200 }],
  },
  {
    title: "Expect: 100-continue, refused by the app",
    server: "handling",
    steps: [
      `PUT /paused?CASE HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 4\r\n\r\n`,
    ],
    spans: [{ name: "PUT", status: 413 }],
  },
  {
    title: "another expectation, refused by Node",
    steps: [lastGet("/hello", "Expect: a miracle\r\n")],
    spans: [],
  },
  {
    title: "another expectation, handled by the app",
    server: "handling",
    steps: [get("/hello", "Expect: a miracle\r\n")],
    spans: [ok],
  },
  {
    title: "a WebSocket's handshake and its data",
    server: "handling",
    steps: [
      get(
        "/socket",
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
      ),
      /s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n\r\n/,
      "ping",
    ],
    spans: [{ name: "GET", status: 101 }],
    ids: 0,
  },
  {
    title: "an upgrade that the app does not know",
    steps: [get("/hello", "Upgrade: h2c\r\nConnection: Upgrade, close\r\n")],
    spans: [ok],
  },
  {
    title: "CONNECT and its data",
    server: "handling",
    steps: [`CONNECT db.example:5432 HTTP/1.1\r\n${HOST}\r\n`, /200 to db.example:5432/, "ping"],
    spans: [],
  },
  {
    title: "CONNECT that the app does not know",
    steps: [`CONNECT db.example:5432 HTTP/1.1\r\n${HOST}\r\n`],
    spans: [],
  },
  { title: "no HTTP at all", steps: ["\x16\x03\x01 hello\r\n\r\n"], spans: [] },
  {
    title: "no HTTP at all, handled by the app",
    server: "handling",
    steps: ["\x16\x03\x01 hello\r\n\r\n"],
    spans: [],
  },
  {
    title: "a request, then no HTTP on the same connection",
    steps: [get("/hello"), /hello/, "nonsense\r\n\r\n"],
    spans: [ok],
  },
  {
    title: "headers beyond the limit",
    steps: [lastGet("/hello", `X-Long: ${"x".repeat(20_000)}\r\n`)],
    spans: [],
  },
  {
    title: "HTTP/1.0",
    steps: ["GET /hello?CASE HTTP/1.0\r\n\r\n"],
    spans: [
      { ...ok, attributes: { "network.protocol.version": "1.0", "server.address": undefined } },
    ],
  },
  {
    title: "HTTP/1.0 that keeps its connection",
    steps: [
      "GET /counted?CASE HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
      /counted/,
      "GET /parts?CASE HTTP/1.0\r\n\r\n",
    ],
    spans: [ok, ok],
  },
  {
    title: "an absolute target",
    steps: [lastGet("http://example.com:8080/hello?a=1")],
    spans: [{ ...ok, attributes: { "url.path": "/hello", "server.address": "service" } }],
  },
  {
    title: "an absolute target without a path",
    steps: [lastGet("http://example.com")],
    spans: [{ ...ok, status: 404, attributes: { "url.path": "/" } }],
  },
  {
    title: "OPTIONS *",
    steps: [`OPTIONS *?CASE HTTP/1.1\r\n${HOST}${CLOSE}\r\n`],
    spans: [{ name: "OPTIONS", status: 404, attributes: { "url.path": "*" } }],
  },
  {
    title: "a host that is IPv6",
    steps: [`GET /hello?CASE HTTP/1.1\r\nHost: [::1]:8080\r\n${CLOSE}\r\n`],
    spans: [{ ...ok, attributes: { "server.address": "::1", "server.port": 8080 } }],
  },
  {
    title: "an invalid host",
    steps: [`GET /hello?CASE HTTP/1.1\r\nHost: a:b:c/../?\r\n${CLOSE}\r\n`],
    spans: [{ ...ok, attributes: { "server.address": "a:b:c/../?", "server.port": undefined } }],
  },
  {
    title: "no host, refused by Node",
    steps: [`GET /hello?CASE HTTP/1.1\r\n\r\n`],
    spans: [],
  },
  {
    title: "no host where the app allows it",
    server: "hostless",
    steps: [`GET /hello?CASE HTTP/1.1\r\n${CLOSE}\r\n`],
    spans: [{ ...ok, attributes: { "server.address": undefined, "server.port": undefined } }],
  },
  {
    title: "a method that the conventions don't know",
    steps: [`PURGE /hello?CASE HTTP/1.1\r\n${HOST}${CLOSE}\r\n`],
    spans: [
      {
        name: "HTTP",
        status: 200,
        attributes: { "http.request.method": "_OTHER", "http.request.method_original": "PURGE" },
      },
    ],
  },
  {
    title: "a request that the app emits a second time",
    steps: [lastGet("/again")],
    spans: [{ ...ok, attributes: { "url.path": "/again" } }],
  },
  {
    title: "a request that the app emits on another server",
    steps: [lastGet("/elsewhere")],
    spans: [{ ...ok, attributes: { "url.scheme": "http" } }],
  },
  {
    title: "HTTPS",
    server: "tls",
    steps: [get("/hello"), /hello/, lastGet("/parts")],
    spans: [
      { ...ok, attributes: { "url.scheme": "https" } },
      { ...ok, attributes: { "url.scheme": "https" } },
    ],
  },
  {
    title: "a subclass of Server with a subclass of ServerResponse",
    server: "subclass",
    steps: [get("/hello"), /hello/, lastGet("/known")],
    spans: [ok, { ...ok, status: 304 }],
  },
  {
    title: "headers that only the insecure parser accepts",
    server: "lenient",
    steps: [lastGet("/hello", "X-Request-Id: a\x01b\r\nUser-Agent: \x02\r\n")],
    spans: [{ ...ok, attributes: { "user_agent.original": "\x02" } }],
  },
  {
    title: "a target of 15,000 characters",
    steps: [lastGet(`/hello?a=${"x".repeat(15_000)}`)],
    spans: [ok],
  },
  {
    title: "a path of 80,000 characters where the app allows it",
    server: "large",
    steps: [lastGet(`/${"x".repeat(80_000)}`)],
    spans: [{ ...ok, status: 404, attributes: { "url.path": `/${"x".repeat(80_000)}` } }],
  },
  {
    title: "more requests than the limit of a connection",
    server: "limited",
    steps: [get("/hello"), /hello/, get("/hello") + get("/hello"), /503/, DISCONNECT],
    spans: [ok, ok],
  },
  {
    title: "secrets in the query",
    steps: [lastGet("/hello?token=abc&a=1&x=eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.")],
    spans: [{ ...ok, attributes: { "url.query": "token=REDACTED&a=1&x=REDACTED&CASE" } }],
  },
  {
    title: "a secret in the path",
    steps: [lastGet("/reset/3f9a2c?apiToken=abc&sort_key=name")],
    spans: [
      {
        ...ok,
        status: 404,
        attributes: {
          "url.path": "/reset/REDACTED",
          "url.query": "apiToken=REDACTED&sort_key=name&CASE",
        },
      },
    ],
  },
  {
    title: "a client that disconnects before the response",
    steps: [get("/silent"), /102/, DISCONNECT],
    spans: [{ name: "GET", status: undefined, aborted: true }],
    ids: 0,
  },
  {
    title: "a client that disconnects during the response",
    steps: [get("/never"), /soon/, DISCONNECT],
    spans: [{ ...ok, aborted: true }],
  },
  {
    title: "a client that disconnects during its upload",
    steps: [
      get("/hello"),
      /hello/,
      `POST /body?CASE HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 50\r\n\r\n`,
      /100 Continue/,
      "a part",
      DISCONNECT,
    ],
    spans: [ok, { name: "POST", status: undefined, aborted: true }],
    ids: 1,
  },
  {
    title: "a client that disconnects after three pipelined requests",
    steps: [get("/never") + get("/slow?ms=1") + get("/hello"), /soon/, DISCONNECT],
    spans: [
      { ...ok, aborted: true },
      { name: "GET", aborted: true },
      { name: "GET", aborted: true },
    ],
    ids: 1,
  },
  {
    title: "a response that the app destroys",
    steps: [get("/destroyed")],
    spans: [{ ...ok, ...broken }],
  },
  {
    title: "a request without the end of its headers, which Node times out",
    server: "impatient",
    steps: ["GET /hello HTTP/1.1\r\nHost:"],
    spans: [],
  },
  {
    title: "a request without its body, which Node times out",
    server: "impatient",
    steps: [`POST /body?CASE HTTP/1.1\r\n${HOST}Content-Length: 4\r\n\r\nab`],
    spans: [{ name: "POST", status: undefined, aborted: true }],
    ids: 0,
  },
  {
    title: "a response that takes longer than the server's timeout",
    server: "brief",
    steps: [get("/never")],
    spans: [{ ...ok, ...broken, minMs: 190 }],
  },
  {
    title: "a server without a listener",
    server: "unheard",
    steps: [get("/hello")],
    spans: [{ name: "GET", status: undefined, ...broken }],
    ids: 0,
  },
];
