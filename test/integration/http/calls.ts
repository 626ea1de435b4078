/** Expected client span. `PLAIN` and `TLS` stand for the origins of the upstream. */
export interface ExpectedClientSpan {
  readonly name?: string;
  readonly status?: number;
  readonly url?: string;
  /** `error.type`; with a status of 400 or more it is the status. */
  readonly error?: string | RegExp;
  /** `network.protocol.version`; default: 1.1 where there is a status. */
  readonly protocol?: string;
  /** Default: address and port of the upstream. */
  readonly address?: string;
  readonly port?: number;
}

/** One of the calls of `apps/caller.mjs`. */
export interface CallScenario {
  readonly name: string;
  readonly spans: readonly ExpectedClientSpan[];
  /** Whether the upstream receives no trace context, though it echoes its headers. */
  readonly silent?: true;
}

const echo = { url: "PLAIN/echo", status: 200 } as const;
const second = { url: "TLS/echo", status: 200, protocol: "2" } as const;
const plain = { url: "PLAIN/status/200", status: 200 } as const;
const slow = { url: "PLAIN/slow" } as const;
/** The head, and a part of the body. */
const slowBody = { url: "PLAIN/midway-slow", status: 200 } as const;
const large = { url: "PLAIN/large", status: 200 } as const;

export const callScenarios: readonly CallScenario[] = [
  { name: "http.get string", spans: [{ ...echo, url: "PLAIN/echo?a=1" }] },
  { name: "http.get URL", spans: [echo] },
  { name: "http.get options", spans: [echo] },
  { name: "http.get URL and options", spans: [echo] },
  { name: "http.request upload", spans: [{ ...echo, name: "POST" }] },
  {
    name: "http headers as a list",
    spans: [{ ...echo, url: "http://listed.example/echo", address: "listed.example", port: 80 }],
  },
  {
    name: "http headers as a list, with its own trace context",
    spans: [{ ...echo, url: "http://a/echo", address: "a", port: 80 }],
  },
  {
    name: "http headers as pairs",
    spans: [{ ...echo, url: "http://listed.example/echo", address: "listed.example", port: 80 }],
  },
  {
    name: "http headers as a list, with a body",
    spans: [{ ...echo, name: "PUT", url: "http://a/echo", address: "a", port: 80 }],
  },
  { name: "http with its own trace context", spans: [echo] },
  { name: "http Expect", spans: [{ ...echo, name: "PUT" }], silent: true },
  { name: "http HEAD", spans: [{ ...echo, name: "HEAD" }] },
  { name: "http 204", spans: [{ url: "PLAIN/status/204", status: 204 }] },
  { name: "http 404", spans: [{ url: "PLAIN/status/404", status: 404 }] },
  { name: "http 503", spans: [{ url: "PLAIN/status/503", status: 503 }] },
  { name: "http keep-alive", spans: [plain, plain, plain] },
  {
    name: "http secrets",
    spans: [{ ...plain, url: "PLAIN/status/200?token=REDACTED&a=1" }],
  },
  {
    name: "http to a proxy",
    spans: [
      {
        ...echo,
        url: "http://REDACTED:REDACTED@other.example/echo?key=REDACTED",
        address: "other.example",
        port: 80,
      },
    ],
  },
  {
    name: "http over a socket path",
    spans: [{ ...echo, url: "http://localhost/echo", address: "localhost", port: 80 }],
  },
  { name: "http to an odd host", spans: [{ status: 200, url: "", address: "" }] },
  { name: "http OPTIONS *", spans: [{ name: "OPTIONS", status: 200, url: "PLAIN/" }] },
  { name: "http refused", spans: [{ error: "ECONNREFUSED" }] },
  {
    name: "http unknown host",
    spans: [
      {
        // Without a network it is unknown whether it exists.
        error: /ENOTFOUND|EAI_AGAIN/,
        url: "http://nowhere.invalid/",
        address: "nowhere.invalid",
        port: 80,
      },
    ],
  },
  { name: "http closed", spans: [{ error: "ECONNRESET" }] },
  { name: "http timeout", spans: [{ ...slow, error: "ECONNRESET" }] },
  {
    name: "http timeouts",
    spans: Array.from({ length: 10 }, () => ({ ...slow, error: "ECONNRESET" })),
  },
  { name: "http timeout of a socket", spans: [{ ...slow, error: "ECONNRESET" }] },
  { name: "http destroyed before its timeout", spans: [slow] },
  { name: "http destroyed after its timeout", spans: [slow] },
  { name: "http destroyed while it connects", spans: [{}] },
  { name: "http timeout by signal", spans: [{ ...slow, error: "ABORT_ERR" }] },
  { name: "http signal", spans: [slow] },
  { name: "http signal with a reason", spans: [slow] },
  { name: "http signal before the start", spans: [slow] },
  { name: "http signal after the head", spans: [slowBody] },
  { name: "http destroyed", spans: [slow] },
  { name: "http destroyed at once", spans: [slow] },
  { name: "http destroyed after the head", spans: [slowBody] },
  { name: "http aborted", spans: [slow] },
  { name: "https destroyed", spans: [{ url: "TLS/slow" }] },
  { name: "https destroyed during the handshake", spans: [{}] },
  { name: "http destroyed with an error", spans: [{ ...slow, error: "EOWN" }] },
  { name: "http cancelled by axios", spans: [slow] },
  {
    name: "http midway",
    spans: [{ url: "PLAIN/midway", status: 200, error: /aborted|ECONNRESET/ }],
  },
  {
    name: "http response destroyed",
    spans: [slowBody],
  },
  { name: "http response left half-read", spans: [slowBody] },
  {
    name: "http response destroyed with an error",
    spans: [{ ...slowBody, error: "Error" }],
  },
  { name: "http unread", spans: [plain] },
  { name: "http unread at all", spans: [plain] },
  { name: "http unread HEAD", spans: [{ ...echo, name: "HEAD" }] },
  { name: "http unread and large", spans: [large] },
  { name: "http without listeners", spans: [plain] },
  { name: "http upgrade", spans: [{ url: "PLAIN/", status: 101 }] },
  { name: "http upgrade without a listener", spans: [{ url: "PLAIN/", status: 101 }] },
  { name: "http CONNECT", spans: [{ name: "CONNECT", url: "PLAIN/", status: 200 }] },
  { name: "https.get", spans: [{ url: "TLS/echo", status: 200 }] },
  { name: "https untrusted", spans: [{ url: "TLS/echo", error: /SELF_SIGNED|UNABLE_TO/ }] },

  { name: "fetch", spans: [{ ...echo, url: "PLAIN/echo?token=REDACTED" }] },
  { name: "fetch with its own trace context", spans: [echo] },
  { name: "fetch upload", spans: [{ ...echo, name: "POST" }] },
  { name: "fetch redirected", spans: [{ url: "PLAIN/redirect", status: 302 }, echo] },
  { name: "fetch 404", spans: [{ url: "PLAIN/status/404", status: 404 }] },
  { name: "fetch refused", spans: [{ error: "ECONNREFUSED" }] },
  { name: "fetch aborted", spans: [{ ...slow, error: "TimeoutError", protocol: "1.1" }] },
  { name: "fetch aborted before the start", spans: [] },
  { name: "fetch midway", spans: [{ url: "PLAIN/midway", status: 200, error: "UND_ERR_SOCKET" }] },
  { name: "fetch cancelled", spans: [slowBody] },
  { name: "fetch cancelled half-read", spans: [slowBody] },
  { name: "fetch aborted by the app", spans: [{ ...slow, protocol: "1.1" }] },
  { name: "fetch aborted for a reason", spans: [{ ...slow, protocol: "1.1" }] },
  { name: "fetch aborted for a text", spans: [{ ...slow, protocol: "1.1" }] },
  { name: "fetch aborted after the head", spans: [slowBody] },
  { name: "fetch unread", spans: [plain] },
  { name: "fetch unread and large", spans: [large] },
  { name: "WebSocket", spans: [{ url: "PLAIN/", status: 101 }] },
  { name: "WebSocket of undici", spans: [{ url: "PLAIN/", status: 101 }] },

  { name: "http2 GET", spans: [{ ...second, url: "TLS/echo?a=1" }] },
  { name: "http2 HEAD", spans: [{ ...second, name: "HEAD" }] },
  { name: "http2 POST", spans: [{ ...second, name: "POST" }] },
  { name: "http2 without headers", spans: [{ ...second, url: "TLS/" }] },
  { name: "http2 with its own trace context", spans: [second] },
  { name: "http2 with reused headers", spans: [second, second] },
  { name: "http2 with sensitive headers", spans: [second] },
  { name: "http2 headers as a list", spans: [second] },
  { name: "http2 promisified", spans: [second] },
  { name: "http2 404", spans: [{ ...second, url: "TLS/status/404", status: 404 }] },
  { name: "http2 503", spans: [{ ...second, url: "TLS/status/503", status: 503 }] },
  { name: "http2 secrets", spans: [{ ...second, url: "TLS/echo?token=REDACTED&a=1" }] },
  {
    name: "http2 cancelled",
    spans: [{ ...second, url: "TLS/midway-slow" }],
  },
  { name: "http2 destroyed", spans: [{ ...second, url: "TLS/midway-slow" }] },
  { name: "http2 left half-read", spans: [{ ...second, url: "TLS/midway-slow" }] },
  { name: "http2 aborted before the start", spans: [{ url: "TLS/slow" }] },
  { name: "http2 aborted before the head", spans: [{ url: "TLS/slow" }] },
  { name: "http2 timeout by signal", spans: [{ url: "TLS/slow", error: "ABORT_ERR" }] },
  { name: "http2 cancelled by the server", spans: [{ url: "TLS/cancelled", error: "aborted" }] },
  {
    name: "http2 midway",
    spans: [{ ...second, url: "TLS/midway", error: "ERR_HTTP2_STREAM_ERROR" }],
  },
  { name: "http2 unread and large", spans: [{ ...second, url: "TLS/large" }] },
  { name: "http2 ECONNREFUSED", spans: [{ error: "ECONNREFUSED" }] },
  { name: "http2 after the end", spans: [{ error: /./ }] },
  { name: "http2 to a server without HTTP/2", spans: [{ error: "aborted" }] },

  { name: "undici request", spans: [echo] },
  { name: "undici request with its own trace context", spans: [echo] },
  { name: "undici stream", spans: [echo] },
  { name: "undici pipeline", spans: [{ ...echo, name: "POST" }] },
  { name: "undici Pool", spans: [plain, plain] },
  {
    name: "undici Client with a path of slashes",
    spans: [{ url: "PLAIN//a/echo", status: 200 }],
  },
  { name: "undici upgrade", spans: [{ url: "PLAIN/", status: 101 }] },
  { name: "undici connect", spans: [] },
  { name: "undici ProxyAgent", spans: [echo] },
  { name: "undici HTTP/2", spans: [{ url: "TLS/echo", status: 200, protocol: "2" }] },
  { name: "undici error", spans: [{ error: "ECONNREFUSED" }] },
  { name: "undici dump", spans: [plain] },
  { name: "undici aborted by the app", spans: [{ ...slow, protocol: "1.1" }] },
  { name: "undici aborted for a reason", spans: [{ ...slow, protocol: "1.1" }] },
  { name: "undici aborted in the queue", spans: [{ ...slow, protocol: "1.1" }, slow] },
  {
    name: "undici timeout of the head",
    spans: [{ ...slow, protocol: "1.1", error: "UND_ERR_HEADERS_TIMEOUT" }],
  },
];
