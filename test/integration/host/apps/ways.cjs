const http = require("node:http");
const http2 = require("node:http2");
const net = require("node:net");
const { PerformanceObserver } = require("node:perf_hooks");

/* Programs that print their view of Node and exit. */
const ways = {
  replacedNextTick() {
    const { nextTick } = process;
    process.nextTick = undefined;
    process.on("exit", () => console.log("exit"));
    process.on("SIGTERM", () => {});
    process.removeAllListeners("SIGTERM");
    process.nextTick = nextTick;
    console.log("added");
  },
  replacedProcess() {
    const { log } = console;
    globalThis.process = {};
    setImmediate(() => log("process is replaced"));
  },
  replacedTimers() {
    const kept = { setTimeout, setInterval, setImmediate, clearTimeout, queueMicrotask };
    const calls = [];
    for (const name of Object.keys(kept)) {
      globalThis[name] = (...args) => {
        calls.push(name);
        return kept[name](...args);
      };
    }
    serve((port, close) => {
      http.get({ port, host: "127.0.0.1" }, (response) => {
        response.resume().on("end", () => {
          close();
          console.log(calls.join(" "));
        });
      });
    });
  },
  observedEntries() {
    const seen = new PerformanceObserver((list) => {
      for (const { entryType, name } of list.getEntries()) console.log(entryType, name);
    });
    seen.observe({ entryTypes: ["dns", "net", "http"] });
    setTimeout(() => console.log("observed"), 1500);
  },
  tracedExit() {
    process.exit(3);
  },
  tracedExitWithListeners() {
    process.on("exit", () => {});
    process.exit(3);
  },
  exitFunction() {
    const own = Object.getOwnPropertyDescriptor(process, "reallyExit");
    process.on("exit", () => {
      const now = Object.getOwnPropertyDescriptor(process, "reallyExit");
      console.log(own.enumerable === now.enumerable, typeof process.reallyExit);
      const { reallyExit } = process;
      process.reallyExit = (code) => {
        console.log("replaced", code);
        reallyExit.call(process, 8);
      };
      process.exit(4);
    });
  },
  killFunction() {
    console.log(process.kill.name, process.kill.length, String(process.kill).length);
  },
  closedConnection() {
    const server = http.createServer(({ socket }, response) =>
      sayAtClose(socket, server, response),
    );
    server.listen(0, "127.0.0.1", () => cutOff(server));
  },
  closedUpgrade() {
    const server = http.createServer().on("upgrade", (_request, socket) => {
      sayAtClose(socket, server);
      socket.destroy();
    });
    server.listen(0, "127.0.0.1", () => cutOff(server, "Upgrade: x\r\nConnection: upgrade\r\n"));
  },
  openConnection() {
    serve(
      (port, close) => {
        http.get({ port, host: "127.0.0.1" }, (response) => response.resume().on("end", close));
      },
      ({ socket }) =>
        console.log(socket.remoteAddress, typeof socket.remotePort, socket.remoteFamily),
    );
  },
  closedHttp2() {
    const server = http2.createServer();
    server.on("session", (session) => {
      session.on("close", () => {
        setImmediate(() => console.log(server.sockets.map(({ remoteAddress }) => remoteAddress)));
      });
    });
    server.sockets = [];
    server.on("connection", (socket) => server.sockets.push(socket));
    server.on("stream", (stream) => stream.respond(undefined, { endStream: true }));
    overHttp2(server);
  },
  sensitiveHeaders() {
    const headers = { ":path": "/", "x-secret": "abc", [http2.sensitiveHeaders]: ["x-secret"] };
    overHttp2(showing(), (client) => client.request(headers));
  },
  sensitiveHeadersInArray() {
    const headers = [":path", "/", "x-secret", "abc", "traceparent", "own"];
    headers[http2.sensitiveHeaders] = ["x-secret"];
    overHttp2(
      showing(),
      (client) => client.request(headers),
      () => console.log(headers),
    );
  },
  headersReadOnce() {
    let reads = 0;
    const headers = {
      ":path": "/",
      get "x-counted"() {
        return String(++reads);
      },
    };
    overHttp2(
      showing(),
      (client) => client.request(headers),
      () => console.log("reads", reads),
    );
  },
  headersOfOddNames() {
    const headers = Object.create(null);
    Object.assign(headers, { ":path": "/", constructor: "a", Constructor: "b" });
    Object.defineProperty(headers, "__proto__", { value: "c", enumerable: true });
    const server = http2.createServer((request, response) => {
      const { constructor: ofConstructor, ["__proto__"]: ofProto } = request.headers;
      response.end();
      console.log(ofConstructor, ofProto);
    });
    overHttp2(server, (client) => client.request(headers));
  },
  noHeaders() {
    overHttp2(showing(), (client) => client.request());
  },
  wrongHeaders() {
    overHttp2(showing(), (client) => {
      for (const headers of [null, 1, "text"]) {
        try {
          client
            .request(headers)
            .on("error", () => {})
            .close();
          console.log("taken");
        } catch (error) {
          console.log(error.code);
        }
      }
      return client.request({});
    });
  },
  sensitiveAnswer() {
    overHttp2(
      answering({ ":status": 200, "x-secret": "abc", [http2.sensitiveHeaders]: ["x-secret"] }),
    );
  },
  sensitiveAnswerInArray() {
    const headers = [":status", "200", "x-secret", "abc"];
    headers[http2.sensitiveHeaders] = ["x-secret"];
    overHttp2(answering(headers));
  },
};

/** Runs `use` against a new server. */
function serve(use, look = () => {}) {
  const server = http.createServer((request, response) => {
    look(request);
    response.end("hello");
  });
  server.listen(0, "127.0.0.1", () => {
    use(server.address().port, () => {
      server.close();
      server.closeAllConnections();
    });
  });
}

function sayAtClose(socket, server) {
  socket.on("close", () => {
    console.log("at close:", socket.remoteAddress, socket.remotePort, socket.remoteFamily);
    server.close();
  });
}

/** A client that disconnects before it gets a response. */
function cutOff(server, headers = "") {
  const socket = net.connect(server.address().port, "127.0.0.1", () => {
    socket.write(`GET / HTTP/1.1\r\nHost: a\r\n${headers}\r\n`);
    setTimeout(() => socket.destroy(), 200);
  });
}

/** A server that responds with the received headers, without those of telltale. */
function showing() {
  return http2.createServer().on("stream", (stream, headers) => {
    const names = Object.keys(headers).filter((name) => name.startsWith("x-"));
    console.log(
      names.map((name) => [name, headers[name]].join("=")),
      headers[http2.sensitiveHeaders],
    );
    stream.respond({ ":status": 200 });
    stream.end();
  });
}

function answering(headers) {
  return http2.createServer().on("stream", (stream) => {
    stream.respond(headers);
    stream.end();
  });
}

function overHttp2(server, ask = (client) => client.request({ ":path": "/" }), atEnd = () => {}) {
  server.listen(0, "127.0.0.1", () => {
    const client = http2.connect(`http://127.0.0.1:${server.address().port}`);
    const stream = ask(client);
    stream.on("response", (headers) =>
      console.log(headers[":status"], headers[http2.sensitiveHeaders]),
    );
    stream.on("error", (error) => console.log(error.code));
    stream.resume().on("close", () => {
      atEnd();
      client.close();
      server.close();
    });
  });
}

ways[process.argv[2]]();
