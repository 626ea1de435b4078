import diagnosticsChannel from "node:diagnostics_channel";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import net from "node:net";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { trace } from "@opentelemetry/api";
import { Readable, Writable } from "node:stream";
import { json, text } from "node:stream/consumers";
import { promisify } from "node:util";
import {
  Agent,
  Client,
  Pool,
  ProxyAgent,
  connect,
  pipeline,
  request,
  stream,
  upgrade,
  WebSocket as UndiciSocket,
} from "undici";

/*
 * Calls the upstream in every way: `GET /call?name=…` runs one of the calls and
 * responds with its result. The first argument has the targets as JSON.
 */

const { plain, tls, refused, abrupt, socketPath, certificate } = JSON.parse(process.argv[2]);
const ca = readFileSync(certificate);
const { hostname, port } = new URL(plain);

/** Options without a kept connection, which would be one more result. */
const once1 = { agent: false };

/** Adds the callbacks that did not run in the context of the call, of which there should be none. */
async function answered(call) {
  const span = trace.getActiveSpan();
  const lost = new Set();
  const watch = (emitter, events) => {
    for (const event of events) {
      emitter.on(event, () => trace.getActiveSpan() === span || lost.add(event));
    }
  };
  watch(call, ["socket", "finish", "response", "close"]);
  const [response] = await once(call, "response");
  watch(response, ["data", "end"]);
  return { status: response.statusCode, body: await text(response), lost: [...lost] };
}

async function echoed(call) {
  const { body, ...rest } = await answered(call);
  return { ...rest, ...JSON.parse(body) };
}

function block(ms) {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

async function failed(work) {
  try {
    return { unexpected: await work() };
  } catch (error) {
    return { error: error.cause?.code ?? error.code ?? error.name };
  }
}

/** Opens a session for one call, and closes it with the result of `work`. */
async function inSession(work, url = tls) {
  const session = http2.connect(url, { ca });
  session.on("error", () => {});
  try {
    return await work(session);
  } finally {
    session.destroy();
  }
}

/** Returns the result of one stream, and the callbacks in another context. */
async function streamed(stream, body) {
  const span = trace.getActiveSpan();
  const lost = new Set();
  for (const event of ["response", "data", "end", "close"]) {
    stream.on(event, () => trace.getActiveSpan() === span || lost.add(event));
  }
  const listeners = ["error", "aborted"].map((event) => stream.listenerCount(event));
  if (body !== undefined) stream.end(body);
  const [headers] = await once(stream, "response");
  const received = await text(stream);
  const parsed = received.startsWith("{") ? JSON.parse(received) : {};
  return { status: headers[":status"], lost: [...lost], listeners, ...parsed };
}

const PATH = ":path";

/** Returns a signal that aborts soon. */
function soon(reason) {
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 10);
  return controller.signal;
}

/** Resolves when undici or `fetch` has sent the headers of a request. */
function sentHeaders() {
  return new Promise((resolve) => {
    const name = "undici:client:sendHeaders";
    const listener = () => {
      diagnosticsChannel.unsubscribe(name, listener);
      setImmediate(resolve);
    };
    diagnosticsChannel.subscribe(name, listener);
  });
}

/** Returns a signal that aborts when the next request of undici or `fetch` is sent. */
function onceSent(reason) {
  const controller = new AbortController();
  sentHeaders().then(() => controller.abort(reason));
  return controller.signal;
}

/** Requests that stay unread until the process exits. */
const kept = [];
const keeping = new http.Agent({ keepAlive: true });

/** Reads the head of a response, and never its body. */
async function left(call) {
  const { promise, resolve } = Promise.withResolvers();
  call.on("response", resolve);
  const response = await promise;
  kept.push(response);
  return { status: response.statusCode ?? response[":status"] };
}

const calls = {
  "http.get string": () => echoed(http.get(`${plain}/echo?a=1`)),
  "http.get URL": () => echoed(http.get(new URL(`${plain}/echo`))),
  "http.get options": () => echoed(http.get({ hostname, port, path: "/echo", agent: false })),
  "http.get URL and options": () =>
    echoed(http.get(new URL(`${plain}/echo`), { headers: { "x-own": "1" }, ...once1 })),
  "http.request upload": () => {
    const call = http.request(`${plain}/echo`, { method: "POST", ...once1 });
    call.write("first ");
    call.end("second");
    return echoed(call);
  },
  "http headers as a list": () =>
    echoed(http.get(`${plain}/echo`, { headers: ["Host", "listed.example", "X-Own", "1"] })),
  "http headers as a list, with its own trace context": () =>
    echoed(
      http.get(`${plain}/echo`, {
        headers: [
          "Host",
          "a",
          "TraceParent",
          "00-11111111111111111111111111111111-2222222222222222-01",
        ],
      }),
    ),
  "http headers as pairs": () =>
    echoed(
      http.get(`${plain}/echo`, {
        headers: [
          ["Host", "listed.example"],
          ["X-Own", "1"],
        ],
      }),
    ),
  "http headers as a list, with a body": () => {
    const headers = ["Host", "a", "Content-Length", "4"];
    const call = http.request(`${plain}/echo`, { method: "PUT", headers });
    call.end("body");
    return echoed(call);
  },
  "http with its own trace context": () =>
    echoed(
      http.get(`${plain}/echo`, {
        headers: { TraceParent: "00-11111111111111111111111111111111-2222222222222222-01" },
      }),
    ),
  "http Expect": () => {
    const headers = { expect: "100-continue", "content-length": 4 };
    const call = http.request(`${plain}/echo`, { method: "PUT", headers, ...once1 });
    call.on("continue", () => call.end("body"));
    return echoed(call);
  },
  "http HEAD": () => answered(http.request(`${plain}/echo`, { method: "HEAD" }).end()),
  "http 204": () => answered(http.get(`${plain}/status/204`)),
  "http 404": () => answered(http.get(`${plain}/status/404`)),
  "http 503": () => answered(http.get(`${plain}/status/503`)),
  "http keep-alive": async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const one = () => answered(http.get(`${plain}/status/200`, { agent }));
    const found = [await one(), ...(await Promise.all([one(), one()]))];
    agent.destroy();
    return found;
  },
  "http secrets": () =>
    answered(http.get(`${plain}/status/200?token=abc&a=1`, { auth: "user:secret" })),
  "http to a proxy": () =>
    echoed(http.get({ hostname, port, path: "http://user:secret@other.example/echo?key=abc" })),
  "http over a socket path": () => echoed(http.get({ socketPath, path: "/echo" })),
  "http to an odd host": () =>
    answered(http.get(`${plain}/status/200`, { headers: { host: "a b:c:d" } })),
  "http OPTIONS *": () =>
    answered(http.request({ hostname, port, method: "OPTIONS", path: "*" }).end()),
  "http refused": () => failed(() => answered(http.get(refused))),
  "http unknown host": async () => {
    const { error } = await failed(() => answered(http.get("http://nowhere.invalid/")));
    return { error: typeof error };
  },
  "http closed": () => failed(() => answered(http.get(abrupt))),
  "http timeout": () =>
    failed(() => {
      const call = http.get(`${plain}/slow`, { timeout: 20 });
      call.on("timeout", () => call.destroy());
      return answered(call);
    }),
  // Many are some tenths of a millisecond early.
  "http timeouts": async () => {
    const results = [];
    for (let count = 0; count < 10; count++) {
      results.push(
        await failed(() => {
          const call = http.get(`${plain}/slow`, { timeout: 2 });
          call.on("timeout", () => call.destroy());
          return answered(call);
        }),
      );
    }
    return { results };
  },
  "http timeout of a socket": () =>
    failed(() => {
      const call = http.get(`${plain}/slow`, once1);
      call.on("socket", (socket) => {
        socket.setTimeout(20);
        socket.on("timeout", () => call.destroy());
      });
      return answered(call);
    }),
  "http destroyed before its timeout": () =>
    failed(() => {
      const call = http.get(`${plain}/slow`, { timeout: 30_000 });
      call.on("timeout", () => call.destroy());
      setTimeout(() => call.destroy(), 10);
      return answered(call);
    }),
  // It was idle for less than that.
  "http destroyed after its timeout": () =>
    failed(() => {
      const call = http.get(`${plain}/slow`, { ...once1, timeout: 500 });
      call.on("timeout", () => call.destroy());
      call.on("socket", (socket) => {
        socket.on("connect", () => {
          block(510);
          call.destroy();
        });
      });
      return answered(call);
    }),
  "http destroyed while it connects": () =>
    failed(() => {
      const call = http.get("http://slow.test/", { ...once1, lookup() {} });
      setTimeout(() => call.destroy(), 10);
      return answered(call);
    }),
  "http timeout by signal": () =>
    failed(() => answered(http.get(`${plain}/slow`, { signal: AbortSignal.timeout(20) }))),
  "http signal": () => failed(() => answered(http.get(`${plain}/slow`, { signal: soon() }))),
  "http signal with a reason": () =>
    failed(() => answered(http.get(`${plain}/slow`, { signal: soon(new Error("enough")) }))),
  "http signal before the start": () =>
    failed(() => answered(http.get(`${plain}/slow`, { signal: AbortSignal.abort() }))),
  "http signal after the head": () =>
    failed(() => {
      const controller = new AbortController();
      const call = http.get(`${plain}/midway-slow`, { signal: controller.signal });
      call.on("response", () => controller.abort());
      return answered(call);
    }),
  "http destroyed": () =>
    failed(() => {
      const call = http.get(`${plain}/slow`);
      setTimeout(() => call.destroy(), 10);
      return answered(call);
    }),
  "http destroyed at once": () =>
    failed(() => {
      const call = http.get(`${plain}/slow`);
      call.destroy();
      return answered(call);
    }),
  "http destroyed after the head": () =>
    failed(() => {
      const call = http.get(`${plain}/midway-slow`);
      call.on("response", () => call.destroy());
      return answered(call);
    }),
  "https destroyed": () =>
    failed(() => {
      const call = https.get(`${tls}/slow`, { ca });
      setTimeout(() => call.destroy(), 10);
      return answered(call);
    }),
  "https destroyed during the handshake": async () => {
    const silent = net.createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    const call = https.get({ host: "127.0.0.1", port: silent.address().port, agent: false });
    const [socket] = await Promise.all([once(silent, "connection"), once(call, "socket")]);
    const result = await failed(() => {
      call.destroy();
      return answered(call);
    });
    socket[0].destroy();
    silent.close();
    return result;
  },
  "http aborted": () =>
    failed(async () => {
      const call = http.get(`${plain}/slow`);
      call.abort();
      await once(call, "close");
      throw Object.assign(new Error("closed"), { code: "closed" });
    }),
  "http destroyed with an error": () =>
    failed(() => {
      const call = http.get(`${plain}/slow`);
      call.destroy(Object.assign(new Error("enough"), { code: "EOWN" }));
      return answered(call);
    }),
  "http cancelled by axios": () =>
    failed(() => {
      const call = http.get(`${plain}/slow`);
      call.destroy(Object.assign(new Error("enough"), { code: "ERR_CANCELED" }));
      return answered(call);
    }),
  "http midway": () => failed(() => answered(http.get(`${plain}/midway`))),
  "http response destroyed": async () => {
    const call = http.get(`${plain}/midway-slow`);
    const [response] = await once(call, "response");
    response.destroy();
    await once(response, "close");
    return { status: response.statusCode };
  },
  "http response left half-read": async () => {
    const [response] = await once(http.get(`${plain}/midway-slow`), "response");
    for await (const part of response) return { part: String(part) };
    return {};
  },
  "http response destroyed with an error": async () => {
    const call = http.get(`${plain}/midway-slow`);
    const [response] = await once(call, "response");
    for (const emitter of [call, response]) emitter.on("error", () => {});
    response.destroy(new Error("enough"));
    await new Promise((resolve) => response.on("close", resolve));
    return { status: response.statusCode };
  },
  "http unread at all": () => left(http.get(`${plain}/status/200`, { agent: keeping })),
  "http unread HEAD": () =>
    left(http.request(`${plain}/echo`, { method: "HEAD", agent: keeping }).end()),
  "http unread and large": () => left(http.get(`${plain}/large`, { agent: keeping })),
  "http unread": async () => {
    const agent = new http.Agent({ keepAlive: true });
    const call = http.get(`${plain}/status/200`, { agent });
    const [response] = await once(call, "response");
    const [socket] = [call.socket];
    const closed = once(socket, "close");
    setTimeout(() => agent.destroy(), 20);
    socket.destroySoon();
    await closed;
    return { status: response.statusCode };
  },
  "http without listeners": async () => {
    const call = http.get(`${plain}/status/200`, once1);
    await once(call, "close");
    return { status: call.res.statusCode };
  },
  "http upgrade": async () => {
    const headers = { connection: "Upgrade", upgrade: "echo" };
    const call = http.get(`${plain}/`, { headers });
    const [response, socket] = await once(call, "upgrade");
    socket.end("ping");
    return { status: response.statusCode, body: await text(socket) };
  },
  "http upgrade without a listener": () =>
    failed(async () => {
      const call = http.get(`${plain}/`, { headers: { connection: "Upgrade", upgrade: "echo" } });
      await once(call, "close");
      throw Object.assign(new Error("closed"), { code: "closed" });
    }),
  "http CONNECT": async () => {
    const call = http.request({ hostname, port, method: "CONNECT", path: `${hostname}:${port}` });
    call.end();
    const [response, socket] = await once(call, "connect");
    socket.end("GET /status/200 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    return { status: response.statusCode, body: (await text(socket)).slice(0, 12) };
  },
  "https.get": () => echoed(https.get(`${tls}/echo`, { ca, ...once1 })),
  "https untrusted": () => failed(() => answered(https.get(`${tls}/echo`))),

  fetch: async () => {
    const response = await fetch(`${plain}/echo?token=abc`);
    return { status: response.status, ...(await response.json()) };
  },
  "fetch with its own trace context": async () => {
    const response = await fetch(`${plain}/echo`, {
      headers: { TraceParent: "00-11111111111111111111111111111111-2222222222222222-01" },
    });
    return response.json();
  },
  "fetch upload": async () => {
    const body = Readable.toWeb(Readable.from(["first ", "second"]));
    const response = await fetch(`${plain}/echo`, { method: "POST", body, duplex: "half" });
    return response.json();
  },
  "fetch redirected": async () => {
    const response = await fetch(`${plain}/redirect`);
    return { status: response.status, ...(await response.json()) };
  },
  "fetch 404": async () => {
    const response = await fetch(`${plain}/status/404`);
    return { status: response.status, body: await response.text() };
  },
  "fetch refused": () => failed(() => fetch(refused)),
  "fetch aborted": () =>
    failed(() =>
      fetch(`${plain}/slow`, { signal: onceSent(new DOMException("", "TimeoutError")) }),
    ),
  "fetch aborted before the start": () =>
    failed(() => fetch(`${plain}/slow`, { signal: AbortSignal.abort() })),
  "fetch midway": () =>
    failed(async () => {
      const response = await fetch(`${plain}/midway`);
      return response.text();
    }),
  "fetch cancelled": async () => {
    const response = await fetch(`${plain}/midway-slow`);
    await response.body.cancel();
    return { status: response.status };
  },
  "fetch cancelled half-read": async () => {
    const response = await fetch(`${plain}/midway-slow`);
    const reader = response.body.getReader();
    const { value } = await reader.read();
    await reader.cancel();
    return { part: Buffer.from(value).toString() };
  },
  "fetch aborted by the app": () => failed(() => fetch(`${plain}/slow`, { signal: onceSent() })),
  "fetch aborted for a reason": () =>
    failed(() => fetch(`${plain}/slow`, { signal: onceSent(new Error("enough")) })),
  "fetch aborted for a text": () =>
    failed(() => fetch(`${plain}/slow`, { signal: onceSent("enough") })).catch(String),
  "fetch aborted after the head": () =>
    failed(async () => {
      const controller = new AbortController();
      const response = await fetch(`${plain}/midway-slow`, { signal: controller.signal });
      const text = response.text();
      controller.abort();
      return text;
    }),
  "fetch unread and large": async () => {
    const response = await fetch(`${plain}/large`);
    kept.push(response);
    return { status: response.status };
  },
  "fetch unread": async () => {
    const { status } = await fetch(`${plain}/status/200`);
    return { status };
  },
  WebSocket: () => talk(WebSocket),
  "WebSocket of undici": () => talk(UndiciSocket),

  "http2 GET": () => inSession((session) => streamed(session.request({ [PATH]: "/echo?a=1" }))),
  "http2 HEAD": () =>
    inSession((session) => streamed(session.request({ [PATH]: "/echo", ":method": "HEAD" }))),
  "http2 POST": () =>
    inSession((session) =>
      streamed(session.request({ [PATH]: "/echo", ":method": "POST" }), "body"),
    ),
  "http2 without headers": () => inSession((session) => streamed(session.request())),
  "http2 with its own trace context": () =>
    inSession((session) =>
      streamed(session.request({ [PATH]: "/echo", Traceparent: "00-0-0-01", "X-Own": "1" })),
    ),
  "http2 with reused headers": () =>
    inSession(async (session) => {
      const given = Object.freeze({ [PATH]: "/echo", "x-own": ["1", "2"] });
      await streamed(session.request(given));
      return { given, ...(await streamed(session.request(given))) };
    }),
  "http2 with sensitive headers": () =>
    inSession(async (session) => {
      const { sensitiveHeaders } = http2;
      const stream = session.request({
        [PATH]: "/echo",
        cookie: "a",
        [sensitiveHeaders]: ["cookie"],
      });
      return { sensitive: stream.sentHeaders[sensitiveHeaders], ...(await streamed(stream)) };
    }),
  "http2 headers as a list": () =>
    inSession((session) => {
      // Node 22 does not accept a list.
      const isTaken = !process.version.startsWith("v22.");
      const list = [PATH, "/echo", "x-own", "1", "x-own", "2"];
      return streamed(session.request(isTaken ? list : { [PATH]: "/echo", "x-own": ["1", "2"] }));
    }),
  "http2 promisified": async () => {
    const session = await promisify(http2.connect)(tls, { ca });
    const outcome = await streamed(session.request({ [PATH]: "/echo" }));
    session.close();
    return outcome;
  },
  "http2 404": () => inSession((session) => streamed(session.request({ [PATH]: "/status/404" }))),
  "http2 503": () => inSession((session) => streamed(session.request({ [PATH]: "/status/503" }))),
  "http2 secrets": () =>
    inSession((session) => streamed(session.request({ [PATH]: "/echo?token=s3cret&a=1" }))),
  "http2 cancelled": () =>
    inSession(async (session) => {
      const stream = session.request({ [PATH]: "/midway-slow" });
      await once(stream, "data");
      stream.close(http2.constants.NGHTTP2_CANCEL);
      await once(stream, "close");
      return { code: stream.rstCode };
    }),
  "http2 destroyed": () =>
    inSession(async (session) => {
      const stream = session.request({ [PATH]: "/midway-slow" });
      await once(stream, "data");
      stream.destroy();
      await once(stream, "close");
      return { code: stream.rstCode };
    }),
  "http2 left half-read": () =>
    inSession(async (session) => {
      const stream = session.request({ [PATH]: "/midway-slow" });
      for await (const part of stream) return { part: String(part) };
      return {};
    }),
  "http2 aborted before the head": () =>
    inSession((session) =>
      failed(() => streamed(session.request({ [PATH]: "/slow" }, { signal: soon() }))),
    ),
  "http2 timeout by signal": () =>
    inSession((session) => {
      const signal = AbortSignal.timeout(20);
      return failed(() => streamed(session.request({ [PATH]: "/slow" }, { signal })));
    }),
  "http2 cancelled by the server": () =>
    inSession(async (session) => {
      const stream = session.request({ [PATH]: "/cancelled" });
      await once(stream, "close");
      return { code: stream.rstCode };
    }),
  "http2 unread and large": async () => {
    const session = http2.connect(tls, { ca });
    kept.push(session);
    return left(session.request({ [PATH]: "/large" }));
  },
  "http2 aborted before the start": () =>
    inSession((session) => {
      const signal = AbortSignal.abort();
      return failed(() => streamed(session.request({ [PATH]: "/slow" }, { signal })));
    }),
  "http2 midway": () =>
    inSession((session) => failed(() => streamed(session.request({ [PATH]: "/midway" })))),
  "http2 ECONNREFUSED": () =>
    inSession((session) => failed(() => streamed(session.request())), refused),
  "http2 after the end": () =>
    inSession((session) => {
      session.destroy();
      return failed(() => streamed(session.request({ [PATH]: "/echo" })));
    }),
  "http2 to a server without HTTP/2": () =>
    inSession((session) => failed(async () => streamed(session.request({ ":nonsense": "1" })))),

  "undici request": async () => {
    const { statusCode, body } = await request(`${plain}/echo`);
    return { statusCode, ...(await body.json()) };
  },
  "undici request with its own trace context": async () => {
    const traceparent = "00-11111111111111111111111111111111-2222222222222222-01";
    const { body } = await request(`${plain}/echo`, { headers: ["TraceParent", traceparent] });
    return body.json();
  },
  "undici stream": async () => {
    const parts = [];
    const opaque = new Writable({ write: (part, _encoding, done) => done(null, parts.push(part)) });
    await stream(`${plain}/echo`, { method: "GET" }, () => opaque);
    return JSON.parse(Buffer.concat(parts).toString());
  },
  "undici pipeline": () => {
    const duplex = pipeline(`${plain}/echo`, { method: "POST" }, ({ body }) => body);
    duplex.end("body");
    return json(duplex);
  },
  "undici Pool": async () => {
    const pool = new Pool(plain, { connections: 1 });
    const one = async () => {
      const { statusCode, body } = await pool.request({ path: "/status/200", method: "GET" });
      return { statusCode, body: await body.text() };
    };
    const found = await Promise.all([one(), one()]);
    await pool.close();
    return found;
  },
  "undici Client with a path of slashes": async () => {
    const client = new Client(new URL(plain));
    const { statusCode, body } = await client.request({ path: "//a/echo", method: "GET" });
    await body.dump();
    await client.close();
    return { statusCode };
  },
  "undici upgrade": async () => {
    const { socket } = await upgrade(`${plain}/`, { protocol: "echo" });
    socket.end("ping");
    return { body: await text(socket) };
  },
  "undici connect": async () => {
    const { statusCode, socket } = await connect({ origin: plain, path: `${hostname}:${port}` });
    socket.end("GET /status/200 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    return { statusCode, body: (await text(socket)).slice(0, 12) };
  },
  "undici ProxyAgent": async () => {
    const dispatcher = new ProxyAgent({ uri: plain, proxyTunnel: true });
    const { statusCode, body } = await request(`${plain}/echo`, { dispatcher });
    const found = { statusCode, ...(await body.json()) };
    await dispatcher.close();
    return found;
  },
  "undici HTTP/2": async () => {
    const dispatcher = new Agent({ allowH2: true, connect: { ca } });
    const { statusCode, body } = await request(`${tls}/echo`, { dispatcher });
    const found = { statusCode, ...(await body.json()) };
    await dispatcher.close();
    return found;
  },
  "undici error": () => failed(() => request(refused)),
  "undici aborted by the app": () => failed(() => request(`${plain}/slow`, { signal: onceSent() })),
  "undici aborted for a reason": () =>
    failed(() => request(`${plain}/slow`, { signal: onceSent(new Error("enough")) })),
  "undici aborted in the queue": async () => {
    const client = new Client(plain);
    const sent = sentHeaders();
    const options = { path: "/slow", method: "GET" };
    const controllers = [new AbortController(), new AbortController()];
    const calls = controllers.map(({ signal }) =>
      failed(() => client.request({ ...options, signal })),
    );
    // The second is aborted first, while it is queued.
    sent.then(() => controllers.toReversed().forEach((controller) => controller.abort()));
    const outcomes = await Promise.all(calls);
    await client.destroy();
    return outcomes;
  },
  "undici timeout of the head": () =>
    failed(() => request(`${plain}/slow`, { headersTimeout: 20, dispatcher: new Agent() })),
  "undici dump": async () => {
    const { statusCode, body } = await request(`${plain}/status/200`);
    await body.dump();
    return { statusCode };
  },
};

async function talk(Socket) {
  const socket = new Socket(plain.replace("http", "ws"));
  await once(socket, "open");
  socket.close();
  await once(socket, "close");
  return { closed: true };
}

const server = http.createServer(async (incoming, response) => {
  const name = new URL(incoming.url, "http://caller").searchParams.get("name");
  const found = await calls[name]().catch((error) => ({ thrown: error.stack }));
  response.end(JSON.stringify(found));
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ plain: server.address().port })));
