import type { ExitRequest } from "../pipeline.ts";

/** One request, as posted to the worker. */
export interface ExitMessage extends Omit<ExitRequest, "onResult"> {
  /** Index of the slot for its result. */
  readonly index: number;
}

/** Layout of the shared memory for the results; see `send-at-exit.ts`. */
export interface SharedLayout {
  readonly shared: SharedArrayBuffer;
  /** Maximum number of requests. */
  readonly slots: number;
  readonly headBytes: number;
  readonly slotBytes: number;
  readonly slotHeadBytes: number;
  readonly delivered: number;
  readonly failed: number;
}

/** Receives the result of one request. */
interface ResultSlot {
  /** Sets the state that counts if the rest of the response does not arrive in time. */
  setProvisional(state: number): void;
  finish(state: number, response: Uint8Array): void;
}

/**
 * Runs in the worker thread, which receives it as text. It must use nothing but its
 * parameters, and no syntax that a build would turn into a call of a shared
 * function. That is why it is one long function.
 *
 * @param load the worker's `require`.
 * @param threads its `node:worker_threads`.
 */
/* oxlint-disable unicorn/consistent-function-scoping, eslint/max-lines-per-function -- see above: all of it must be in here */
export function runExitWorker(
  load: (module: string) => unknown,
  { workerData, parentPort }: typeof import("node:worker_threads"),
): void {
  const layout = workerData as SharedLayout;
  const finishedCount = new Int32Array(layout.shared, 0, 1);
  // The main thread cannot receive the worker's error event: without this it would wait until the deadline.
  process.on("uncaughtException", (error) => {
    for (let index = 0; index < layout.slots; index++) {
      const offset = layout.headBytes + index * layout.slotBytes;
      const isOpen = new Int32Array(layout.shared, offset, 1)[0] === 0;
      if (isOpen) slotAt(offset).finish(layout.failed, errorText(error));
    }
    Atomics.store(finishedCount, 0, layout.slots);
    Atomics.notify(finishedCount, 0);
  });
  parentPort?.on("message", (exitMessage: ExitMessage) => {
    const slot = slotAt(layout.headBytes + exitMessage.index * layout.slotBytes);
    try {
      if (exitMessage.kind === "grpc") sendGrpc(exitMessage, slot);
      else sendHttp(exitMessage, slot);
    } catch (error) {
      slot.finish(layout.failed, errorText(error));
    }
  });
  // Loads it while the main thread creates the requests, most of which need it.
  load("node:http");

  function slotAt(offset: number): ResultSlot {
    const words = new Int32Array(layout.shared, offset, 2);
    const responseBytes = layout.slotBytes - layout.slotHeadBytes;
    const responseArea = new Uint8Array(
      layout.shared,
      offset + layout.slotHeadBytes,
      responseBytes,
    );
    let finished = false;
    return {
      setProvisional: (state) => Atomics.store(words, 0, state),
      finish: (state, response) => {
        if (finished) return;
        finished = true;
        const head = response.subarray(0, responseArea.length);
        responseArea.set(head);
        words[1] = head.length;
        Atomics.store(words, 0, state);
        Atomics.add(finishedCount, 0, 1);
        Atomics.notify(finishedCount, 0);
      },
    };
  }

  function sendHttp(exitMessage: ExitMessage, slot: ResultSlot): void {
    const http = load(
      exitMessage.url.startsWith("https:") ? "node:https" : "node:http",
    ) as typeof import("node:http");
    const { proxyEnv } = exitMessage;
    const agent = proxyEnv === undefined ? (false as const) : new http.Agent({ proxyEnv });
    const options = { method: "POST", agent, headers: exitMessage.headers };
    const request = http.request(
      exitMessage.url,
      Object.assign(options, definedOf(exitMessage.tls)),
    );
    let hasResponse = false;
    request.on("upgrade", (response, socket) => {
      slot.finish(
        layout.failed,
        errorText(`answered ${response.statusCode} ${response.statusMessage}`),
      );
      socket.destroy();
    });
    request.on("response", (response) => {
      hasResponse = true;
      const status = response.statusCode ?? 0;
      const isSuccess = status >= 200 && status < 300;
      if (isSuccess) slot.setProvisional(layout.delivered);
      else
        slot.finish(layout.failed, errorText(`answered ${status} ${response.statusMessage ?? ""}`));
      collect(response, (body) => slot.finish(layout.delivered, body));
    });
    request.on("error", (error) => slot.finish(layout.failed, errorText(error)));
    request.on("close", () => hasResponse || slot.finish(layout.failed, errorText("ECONNRESET")));
    request.end(exitMessage.body);
  }

  function sendGrpc(exitMessage: ExitMessage, slot: ResultSlot): void {
    const http2 = load("node:http2") as typeof import("node:http2");
    const url = new URL(exitMessage.url);
    const session = http2.connect(url.origin, definedOf(exitMessage.tls));
    session.on("error", (error) => slot.finish(layout.failed, errorText(error)));
    const stream = session.request(
      Object.assign({ ":method": "POST", ":path": url.pathname }, exitMessage.headers),
    );
    let status: string | undefined;
    const readStatus = (headers: object): void => {
      status ??= (headers as Record<string, string | undefined>)["grpc-status"];
    };
    stream.on("response", readStatus);
    stream.on("trailers", readStatus);
    stream.on("error", () => {});
    collect(stream, (body) => {
      if (status === "0") slot.finish(layout.delivered, body.subarray(5));
      else if (status !== undefined)
        slot.finish(layout.failed, errorText(`answered gRPC ${status}`));
      session.close();
    });
    // Emitted after an error, whose code is more precise.
    session.on("close", () => slot.finish(layout.failed, errorText("no answer")));
    stream.end(exitMessage.body);
  }

  /** Collects the response, however the stream ends. */
  function collect(stream: NodeJS.ReadableStream, done: (response: Uint8Array) => void): void {
    const parts: Buffer[] = [];
    let size = 0;
    stream.on("data", (part: Buffer) => {
      size += part.length;
      if (size <= layout.slotBytes) parts.push(part);
      else done(Buffer.concat(parts));
    });
    stream.on("end", () => done(Buffer.concat(parts)));
    stream.on("close", () => done(Buffer.concat(parts)));
    stream.on("error", () => done(Buffer.concat(parts)));
  }

  function definedOf(tls: ExitMessage["tls"]): Record<string, string> {
    const found: Record<string, string> = {};
    if (tls.ca !== undefined) found["ca"] = tls.ca;
    if (tls.cert !== undefined) found["cert"] = tls.cert;
    if (tls.key !== undefined) found["key"] = tls.key;
    return found;
  }

  /** Returns the code of an error, which the main thread describes in words. */
  function errorText(error: unknown): Uint8Array {
    const { code, message } = Object(error) as { code?: unknown; message?: unknown };
    return Buffer.from(String(code ?? message ?? error));
  }
}
