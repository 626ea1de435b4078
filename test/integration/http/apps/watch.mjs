import { AsyncLocalStorage } from "node:async_hooks";
import { once } from "node:events";
import { readFile } from "node:fs";
import { lookup } from "node:dns";
import { PassThrough, pipeline } from "node:stream";
import { trace } from "@opentelemetry/api";

/*
 * A request whose callbacks record the active span and the value of an
 * `AsyncLocalStorage` of the app.
 */

const storage = new AsyncLocalStorage();
const watched = new Map();

const events = {
  request: ["readable", "data", "end", "aborted", "error", "close"],
  response: ["drain", "prefinish", "finish", "close"],
};

/** `?name=…&way=…`: reads the body that way, and responds with `bytes` bytes. */
export function watch(request, response, query) {
  const name = query.get("name");
  storage.run(name, () => new Watched(request, response, query));
}

/** Returns what the callbacks of a request have recorded, after the last of them. */
export async function seen(name) {
  return (await entryOf(name)).promise;
}

function entryOf(name) {
  if (!watched.has(name)) watched.set(name, Promise.withResolvers());
  return watched.get(name);
}

class Watched {
  #seen = new Map();
  #span = active();

  constructor(request, response, query) {
    const way = query.get("way");
    for (const event of events.request) {
      if (event === "readable" && way !== "readable") continue;
      if (event === "data" && way !== "flowing") continue;
      request.on(event, this.#recorder(`request ${event}`));
    }
    for (const event of events.response) response.on(event, this.#recorder(`response ${event}`));
    if (way === "readable") request.on("readable", () => request.read());
    const asyncCallbacks = this.#trackAsyncCallbacks();
    const answer = () => {
      this.#record("answer");
      setTimeout(
        () => {
          const end = () => response.end("done");
          if (response.write("x".repeat(Number(query.get("bytes") ?? 1)))) end();
          else response.once("drain", end);
        },
        Number(query.get("ms") ?? 1),
      );
    };
    if (query.has("hang")) response.write("begun");
    else this.#read(request, way, answer);
    if (query.has("early")) this.#acknowledgeEarly(request, response);
    let open = 2;
    const close = () => {
      open -= 1;
      // Reading the file may take longer than the request.
      if (open === 0)
        void asyncCallbacks.then(() => setTimeout(() => this.#report(query.get("name")), 5));
    };
    request.on("close", close);
    response.on("close", close);
  }

  /** Acknowledges each part, so that the client then sends the next one. */
  #acknowledgeEarly(request, response) {
    response.write("early ");
    let bytes = 0;
    const push = request.push;
    request.push = function (part) {
      bytes += part?.length ?? 0;
      if (part !== null) response.write(`got ${bytes} `);
      return push.call(this, part);
    };
  }

  #read(request, way, answer) {
    if (way === "flowing" || way === "readable") request.on("end", answer);
    if (way === "once") void once(request.resume(), "end").then(answer);
    if (way === "iterated") void this.#iterate(request).then(answer);
    if (way === "pipeline") {
      const between = new PassThrough();
      between.on("data", this.#recorder("pipeline data"));
      pipeline(request, between, (error) => {
        this.#record("pipeline end");
        if (!error) answer();
      });
    }
  }

  async #iterate(request) {
    for await (const _part of request) this.#record("part");
  }

  /** Starts asynchronous calls, and resolves after all their callbacks. */
  #trackAsyncCallbacks() {
    const all = [];
    const recorder = (what) => {
      const { promise, resolve } = Promise.withResolvers();
      all.push(promise);
      return () => {
        this.#record(what);
        resolve();
      };
    };
    setTimeout(recorder("timeout"), 1);
    setImmediate(recorder("immediate"));
    process.nextTick(recorder("tick"));
    queueMicrotask(recorder("microtask"));
    void Promise.resolve().then(recorder("promise"));
    readFile(import.meta.filename, recorder("file"));
    lookup("127.0.0.1", recorder("lookup"));
    return Promise.all(all);
  }

  #recorder(what) {
    return () => this.#record(what);
  }

  /** Records the active span and store; a wrong span is never overwritten. */
  #record(what) {
    const span = active();
    const right = span === this.#span && (this.#seen.get(what)?.right ?? true);
    this.#seen.set(what, { right, store: storage.getStore() ?? null });
  }

  #report(name) {
    const list = [...this.#seen].map(([what, { right, store }]) => ({ what, right, store }));
    const hasSpan = this.#span !== undefined;
    entryOf(name).resolve({ hasSpan, seen: list.toSorted((a, b) => (a.what < b.what ? -1 : 1)) });
  }
}

function active() {
  return trace.getActiveSpan()?.spanContext().spanId;
}
