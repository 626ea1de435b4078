import { AsyncLocalStorage } from "node:async_hooks";
import { once } from "node:events";
import { readFile } from "node:fs";
import { lookup } from "node:dns";
import { PassThrough, pipeline } from "node:stream";
import { trace } from "@opentelemetry/api";

/*
 * A request whose every callback notes the active span and the value of an
 * `AsyncLocalStorage` of the app's own.
 */

const storage = new AsyncLocalStorage();
const watched = new Map();

const events = {
  request: ["readable", "data", "end", "aborted", "error", "close"],
  response: ["drain", "prefinish", "finish", "close"],
};

/** `?name=…&way=…`: reads the body in that way, answers as much as `bytes` says. */
export function watch(request, response, query) {
  const name = query.get("name");
  storage.run(name, () => new Watched(request, response, query));
}

/** What the callbacks of a request have seen, when the last of them has run. */
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
      request.on(event, this.#noting(`request ${event}`));
    }
    for (const event of events.response) response.on(event, this.#noting(`response ${event}`));
    if (way === "readable") request.on("readable", () => request.read());
    const later = this.#later();
    const answer = () => {
      this.#note("answer");
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
    if (query.has("early")) this.#tellEarly(request, response);
    let open = 2;
    const close = () => {
      open -= 1;
      // A file may take longer than the request.
      if (open === 0) void later.then(() => setTimeout(() => this.#tell(query.get("name")), 5));
    };
    request.on("close", close);
    response.on("close", close);
  }

  /** So that the client sends the next part after the one before was taken. */
  #tellEarly(request, response) {
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
      between.on("data", this.#noting("pipeline data"));
      pipeline(request, between, (error) => {
        this.#note("pipeline end");
        if (!error) answer();
      });
    }
  }

  async #iterate(request) {
    for await (const _part of request) this.#note("part");
  }

  /** Resolves when all of them have come. */
  #later() {
    const all = [];
    const noting = (what) => {
      const { promise, resolve } = Promise.withResolvers();
      all.push(promise);
      return () => {
        this.#note(what);
        resolve();
      };
    };
    setTimeout(noting("timeout"), 1);
    setImmediate(noting("immediate"));
    process.nextTick(noting("tick"));
    queueMicrotask(noting("microtask"));
    void Promise.resolve().then(noting("promise"));
    readFile(import.meta.filename, noting("file"));
    lookup("127.0.0.1", noting("lookup"));
    return Promise.all(all);
  }

  #noting(what) {
    return () => this.#note(what);
  }

  /** The worst that was seen stays. */
  #note(what) {
    const span = active();
    const right = span === this.#span && (this.#seen.get(what)?.right ?? true);
    this.#seen.set(what, { right, store: storage.getStore() ?? null });
  }

  #tell(name) {
    const list = [...this.#seen].map(([what, { right, store }]) => ({ what, right, store }));
    const hasSpan = this.#span !== undefined;
    entryOf(name).resolve({ hasSpan, seen: list.toSorted((a, b) => (a.what < b.what ? -1 : 1)) });
  }
}

function active() {
  return trace.getActiveSpan()?.spanContext().spanId;
}
