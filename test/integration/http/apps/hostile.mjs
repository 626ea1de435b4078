import { once } from "node:events";
import http from "node:http";
import { Socket } from "node:net";
import { text } from "node:stream/consumers";

/*
 * An app that breaks something which telltale uses, and which Node itself is safe
 * from. It still responds: to `GET /` and `POST /` itself, to `GET /call` by calling
 * itself in two ways.
 */

function refuse() {
  throw new Error("broken by the app");
}

/** Replaces a property with a getter that throws. */
const refusing = { get: refuse, set: refuse, configurable: true };

const breakages = {
  nothing() {},
  clock() {
    performance.now = refuse;
  },
  random() {
    Math.random = refuse;
  },
  url() {
    URL.parse = refuse;
    URL.canParse = refuse;
  },
  properties() {
    Object.defineProperty = refuse;
    Object.hasOwn = refuse;
  },
  sockets() {
    Socket.prototype.prependOnceListener = refuse;
  },
  "set headers"() {
    const { setHeader } = http.OutgoingMessage.prototype;
    http.OutgoingMessage.prototype.setHeader = function (name, value) {
      return name === "traceparent" ? refuse() : setHeader.call(this, name, value);
    };
  },
  routes() {
    Object.defineProperty(http.IncomingMessage.prototype, "route", refusing);
  },
  "sent headers"() {
    Object.defineProperty(http.ServerResponse.prototype, "headersSent", refusing);
  },
  api() {
    for (const symbol of Object.getOwnPropertySymbols(globalThis)) {
      if (!/opentelemetry|telltale/.test(String(symbol))) continue;
      if (!Object.getOwnPropertyDescriptor(globalThis, symbol).configurable) continue;
      Object.defineProperty(globalThis, symbol, refusing);
    }
  },
  stderr() {
    process.stderr.write = refuse;
    performance.now = refuse;
  },
};

/** Parts that Node's own `fetch` is not safe from either. */
const breaksFetch = ["clock", "properties", "stderr"];

const server = http.createServer(async (request, response) => {
  const body = await text(request).catch(() => "");
  if (request.url === "/call") response.end(await call());
  else if (request.url === "/break") {
    response.end("broken", () => breakages[process.argv[2]]());
  } else response.writeHead(200, { "content-type": "text/plain" }).end(`${request.method} ${body}`);
});

async function call() {
  const url = `http://127.0.0.1:${server.address().port}/`;
  const [response] = await once(http.get(url, { agent: false }), "response");
  const answer = await text(response);
  if (breaksFetch.includes(process.argv[2])) return answer;
  const fetched = await fetch(url, { headers: { connection: "close" } });
  return `${answer}, ${await fetched.text()}`;
}

server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ plain: server.address().port })));
