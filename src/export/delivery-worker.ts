import type { ExitRequest } from "./exit.ts";

/** One request, as it goes to the worker. */
export interface Order extends Omit<ExitRequest, "settle"> {
  /** Of its slot. */
  readonly index: number;
}

/** Where the outcomes go; see `delivery.ts`. */
export interface Room {
  readonly shared: SharedArrayBuffer;
  /** How many requests there may be. */
  readonly slots: number;
  readonly headBytes: number;
  readonly slotBytes: number;
  readonly slotHeadBytes: number;
  readonly delivered: number;
  readonly failed: number;
}

/** Where the outcome of one request goes. */
interface Slot {
  /** For the case that the time is over before the rest of the answer is there. */
  expect(state: number): void;
  finish(state: number, answer: Uint8Array): void;
}

/**
 * Runs in the worker thread, to which it goes as text: it must not use anything
 * outside of itself but its parameters, and no syntax that a build would turn into
 * a call of a shared function.
 *
 * @param load the worker's `require`.
 * @param threads its `node:worker_threads`.
 */
/* oxlint-disable unicorn/consistent-function-scoping -- see above: all of it must be in here */
export function deliver(
  load: (module: string) => unknown,
  { workerData, parentPort }: typeof import("node:worker_threads"),
): void {
  const room = workerData as Room;
  const answered = new Int32Array(room.shared, 0, 1);
  // The main thread hears of no error: without this it would wait for what doesn't come.
  process.on("uncaughtException", (error) => {
    for (let index = 0; index < room.slots; index++) {
      const offset = room.headBytes + index * room.slotBytes;
      const isOpen = new Int32Array(room.shared, offset, 1)[0] === 0;
      if (isOpen) slotAt(offset).finish(room.failed, textOf(error));
    }
    Atomics.store(answered, 0, room.slots);
    Atomics.notify(answered, 0);
  });
  parentPort?.on("message", (order: Order) => {
    const slot = slotAt(room.headBytes + order.index * room.slotBytes);
    try {
      if (order.kind === "grpc") overGrpc(order, slot);
      else overHttp(order, slot);
    } catch (error) {
      slot.finish(room.failed, textOf(error));
    }
  });
  // Most requests need it, and they are still being made.
  load("node:http");

  function slotAt(offset: number): Slot {
    const words = new Int32Array(room.shared, offset, 2);
    const answerBytes = room.slotBytes - room.slotHeadBytes;
    const answerRoom = new Uint8Array(room.shared, offset + room.slotHeadBytes, answerBytes);
    let finished = false;
    return {
      expect: (state) => Atomics.store(words, 0, state),
      finish: (state, answer) => {
        if (finished) return;
        finished = true;
        const kept = answer.subarray(0, answerRoom.length);
        answerRoom.set(kept);
        words[1] = kept.length;
        Atomics.store(words, 0, state);
        Atomics.add(answered, 0, 1);
        Atomics.notify(answered, 0);
      },
    };
  }

  function overHttp(order: Order, slot: Slot): void {
    const http = load(
      order.url.startsWith("https:") ? "node:https" : "node:http",
    ) as typeof import("node:http");
    const { proxyEnv } = order;
    const agent = proxyEnv === undefined ? (false as const) : new http.Agent({ proxyEnv });
    const options = { method: "POST", agent, headers: order.headers };
    const call = http.request(order.url, Object.assign(options, definedOf(order.tls)));
    let answers = false;
    call.on("upgrade", (response, socket) => {
      slot.finish(room.failed, textOf(`answered ${response.statusCode} ${response.statusMessage}`));
      socket.destroy();
    });
    call.on("response", (response) => {
      answers = true;
      const status = response.statusCode ?? 0;
      const taken = status >= 200 && status < 300;
      if (taken) slot.expect(room.delivered);
      else slot.finish(room.failed, textOf(`answered ${status} ${response.statusMessage ?? ""}`));
      collect(response, (answer) => slot.finish(room.delivered, answer));
    });
    call.on("error", (error) => slot.finish(room.failed, textOf(error)));
    call.on("close", () => answers || slot.finish(room.failed, textOf("ECONNRESET")));
    call.end(order.body);
  }

  function overGrpc(order: Order, slot: Slot): void {
    const http2 = load("node:http2") as typeof import("node:http2");
    const url = new URL(order.url);
    const session = http2.connect(url.origin, definedOf(order.tls));
    session.on("error", (error) => slot.finish(room.failed, textOf(error)));
    const stream = session.request(
      Object.assign({ ":method": "POST", ":path": url.pathname }, order.headers),
    );
    let status: string | undefined;
    const hear = (headers: object): void => {
      status ??= (headers as Record<string, string | undefined>)["grpc-status"];
    };
    stream.on("response", hear);
    stream.on("trailers", hear);
    stream.on("error", () => {});
    collect(stream, (answer) => {
      if (status === "0") slot.finish(room.delivered, answer.subarray(5));
      else if (status !== undefined) slot.finish(room.failed, textOf(`answered gRPC ${status}`));
      session.close();
    });
    // After its error, if there is one: that says more.
    session.on("close", () => slot.finish(room.failed, textOf("no answer")));
    stream.end(order.body);
  }

  /** Whatever its end: what came of it. */
  function collect(stream: NodeJS.ReadableStream, done: (answer: Uint8Array) => void): void {
    const parts: Buffer[] = [];
    let size = 0;
    stream.on("data", (part: Buffer) => {
      size += part.length;
      if (size <= room.slotBytes) parts.push(part);
      else done(Buffer.concat(parts));
    });
    stream.on("end", () => done(Buffer.concat(parts)));
    stream.on("close", () => done(Buffer.concat(parts)));
    stream.on("error", () => done(Buffer.concat(parts)));
  }

  function definedOf(tls: Order["tls"]): Record<string, string> {
    const found: Record<string, string> = {};
    if (tls.ca !== undefined) found["ca"] = tls.ca;
    if (tls.cert !== undefined) found["cert"] = tls.cert;
    if (tls.key !== undefined) found["key"] = tls.key;
    return found;
  }

  /** An error as its code, which the main thread has words for. */
  function textOf(error: unknown): Uint8Array {
    const { code, message } = Object(error) as { code?: unknown; message?: unknown };
    return Buffer.from(String(code ?? message ?? error));
  }
}
