/** What the worker is given. */
export interface Job {
  readonly requests: readonly {
    readonly kind: "http" | "grpc";
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Uint8Array;
    readonly tls: {
      readonly ca: string | undefined;
      readonly cert: string | undefined;
      readonly key: string | undefined;
    };
  }[];
  /** See `delivery-slots.ts`. */
  readonly shared: SharedArrayBuffer;
  readonly headBytes: number;
  readonly slotBytes: number;
  readonly slotHeadBytes: number;
  readonly delivered: number;
  readonly failed: number;
}

type Request = Job["requests"][number];

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
 */
/* oxlint-disable unicorn/consistent-function-scoping -- see above: all of it must be in here */
export function deliver(load: (module: string) => unknown, job: Job): void {
  const answered = new Int32Array(job.shared, 0, 1);
  job.requests.forEach((request, index) => {
    const slot = slotAt(job.headBytes + index * job.slotBytes);
    try {
      if (request.kind === "grpc") overGrpc(request, slot);
      else overHttp(request, slot);
    } catch (error) {
      slot.finish(job.failed, textOf(error));
    }
  });

  function slotAt(offset: number): Slot {
    const words = new Int32Array(job.shared, offset, 2);
    const roomBytes = job.slotBytes - job.slotHeadBytes;
    const room = new Uint8Array(job.shared, offset + job.slotHeadBytes, roomBytes);
    let finished = false;
    return {
      expect: (state) => Atomics.store(words, 0, state),
      finish: (state, answer) => {
        if (finished) return;
        finished = true;
        const kept = answer.subarray(0, room.length);
        room.set(kept);
        words[1] = kept.length;
        Atomics.store(words, 0, state);
        Atomics.add(answered, 0, 1);
        Atomics.notify(answered, 0);
      },
    };
  }

  function overHttp(request: Request, slot: Slot): void {
    const http = load(
      request.url.startsWith("https:") ? "node:https" : "node:http",
    ) as typeof import("node:http");
    const options = { method: "POST", agent: false as const, headers: request.headers };
    const call = http.request(request.url, Object.assign(options, definedOf(request.tls)));
    call.on("response", (response) => {
      const status = response.statusCode ?? 0;
      const taken = status >= 200 && status < 300;
      if (taken) slot.expect(job.delivered);
      else slot.finish(job.failed, textOf(`answered ${status}`));
      collect(response, (answer) => slot.finish(job.delivered, answer));
    });
    call.on("error", (error) => slot.finish(job.failed, textOf(error)));
    call.end(request.body);
  }

  function overGrpc(request: Request, slot: Slot): void {
    const http2 = load("node:http2") as typeof import("node:http2");
    const url = new URL(request.url);
    const session = http2.connect(url.origin, definedOf(request.tls));
    session.on("error", (error) => slot.finish(job.failed, textOf(error)));
    const stream = session.request(
      Object.assign({ ":method": "POST", ":path": url.pathname }, request.headers),
    );
    let status: string | undefined;
    const hear = (headers: object): void => {
      status ??= (headers as Record<string, string | undefined>)["grpc-status"];
    };
    stream.on("response", hear);
    stream.on("trailers", hear);
    stream.on("error", () => {});
    collect(stream, (answer) => {
      if (Number(status) === 0) slot.finish(job.delivered, answer.subarray(5));
      else if (status !== undefined) slot.finish(job.failed, textOf(`answered gRPC ${status}`));
      session.close();
    });
    // After its error, if there is one: that says more.
    session.on("close", () => slot.finish(job.failed, textOf("no answer")));
    stream.end(request.body);
  }

  /** Whatever its end: what came of it. */
  function collect(stream: NodeJS.ReadableStream, done: (answer: Uint8Array) => void): void {
    const parts: Buffer[] = [];
    let size = 0;
    stream.on("data", (part: Buffer) => {
      size += part.length;
      if (size <= job.slotBytes) parts.push(part);
      else done(Buffer.concat(parts));
    });
    stream.on("end", () => done(Buffer.concat(parts)));
    stream.on("close", () => done(Buffer.concat(parts)));
    stream.on("error", () => done(Buffer.concat(parts)));
  }

  function definedOf(tls: Request["tls"]): Record<string, string> {
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
