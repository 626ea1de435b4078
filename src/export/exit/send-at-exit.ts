import type { Worker } from "node:worker_threads";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";
import { exitWorkerCode } from "./exit-worker-code.ts";
import type { ExitMessage, SharedLayout } from "./exit-worker.ts";
import type { ExitRequest, ExitRequestFactory } from "../pipeline.ts";

/*
 * The memory that both threads share: a word that counts the finished requests, then
 * one slot per request with its state, the length of the response, and the response.
 */
const HEADER_BYTES = 8;
const SLOT_HEADER_BYTES = 8;
const SLOT_BYTES = SLOT_HEADER_BYTES + 4096;
const DELIVERED = 1;
const FAILED = 2;

/**
 * Sends requests while the main thread waits: on the last tick of a process its own
 * asynchronous work does not run any more, but a worker's does. The worker starts
 * (10 to 30 ms) while the requests are created, and gets each as soon as it exists.
 * Reports the result of each request. Never throws.
 *
 * @param deadlineMs maximum delay of the exit.
 */
export function sendAtExit(
  pending: readonly ExitRequestFactory[],
  deadlineMs: number,
  diagnostics: Diagnostics,
): void {
  if (pending.length === 0) return;
  const deadline = performance.now() + deadlineMs;
  const shared = new SharedArrayBuffer(HEADER_BYTES + pending.length * SLOT_BYTES);
  const worker = deadlineMs > 0 ? startWorker(shared, pending.length, diagnostics) : undefined;
  const requests = pending.map((createRequest, index) => post(worker, index, createRequest()));
  if (worker !== undefined) {
    const count = requests.filter((request) => request !== undefined).length;
    waitForAll(new Int32Array(shared, 0, 1), count, deadline);
    void worker.terminate();
  }
  // The reason why there is no worker is logged already.
  const wasAttempted = worker !== undefined || deadlineMs <= 0;
  const timeoutReason = wasAttempted
    ? `no answer within the ${deadlineMs} ms left at the end`
    : undefined;
  requests.forEach((request, index) => {
    if (request === undefined) return;
    reportResult(request, shared, index, timeoutReason);
  });
}

/**
 * Starts the worker without the environment and flags of the process, which may name
 * a preload such as telltale. Discards its output.
 */
function startWorker(
  shared: SharedArrayBuffer,
  slots: number,
  diagnostics: Diagnostics,
): Worker | undefined {
  const layout: SharedLayout = {
    shared,
    slots,
    headBytes: HEADER_BYTES,
    slotBytes: SLOT_BYTES,
    slotHeadBytes: SLOT_HEADER_BYTES,
    delivered: DELIVERED,
    failed: FAILED,
  };
  try {
    checkDescriptors();
    // Loaded here, since nothing else needs it.
    const { Worker } = process.getBuiltinModule("node:worker_threads");
    return new Worker(exitWorkerCode, {
      eval: true,
      workerData: layout,
      env: {},
      execArgv: [],
      stdin: false,
      stdout: true,
      stderr: true,
    });
  } catch (error) {
    // `--permission` without `--allow-worker`; no memory or descriptors for a thread.
    diagnostics.error("delivery", `what was queued at the end can't be sent: ${String(error)}`);
    return undefined;
  }
}

/** File descriptors that the event loop of a thread and a connection need. Without them the worker fails silently. */
const REQUIRED_DESCRIPTORS = 8;

/** @throws if too few file descriptors are left. */
function checkDescriptors(): void {
  const { openSync, closeSync } = process.getBuiltinModule("node:fs");
  const open: number[] = [];
  try {
    while (open.length < REQUIRED_DESCRIPTORS) open.push(openSync(process.execPath, "r"));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    // Any other error, such as a missing permission, does not concern descriptors.
    if (["EMFILE", "ENFILE"].includes(code)) throw error;
  } finally {
    for (const descriptor of open) closeSync(descriptor);
  }
}

function post(
  worker: Worker | undefined,
  index: number,
  request: ExitRequest | undefined,
): ExitRequest | undefined {
  if (request !== undefined && worker !== undefined) {
    const { onResult: _, ...rest } = request;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origins.
    worker.postMessage({ index, ...rest } satisfies ExitMessage);
  }
  return request;
}

function waitForAll(finishedCount: Int32Array, count: number, deadline: number): void {
  for (;;) {
    const seen = Atomics.load(finishedCount, 0);
    const remainingMs = deadline - performance.now();
    if (seen >= count || remainingMs <= 0) return;
    Atomics.wait(finishedCount, 0, seen, remainingMs);
  }
}

function reportResult(
  request: ExitRequest,
  shared: SharedArrayBuffer,
  index: number,
  timeoutReason: string | undefined,
): void {
  const offset = HEADER_BYTES + index * SLOT_BYTES;
  const [state, length = 0] = new Int32Array(shared, offset, 2);
  // Copied, since decoders do not read shared memory.
  const response = new Uint8Array(shared, offset + SLOT_HEADER_BYTES, length).slice();
  try {
    if (state === DELIVERED) request.onResult(true, response);
    else if (state === FAILED) request.onResult(false, undefined, Buffer.from(response).toString());
    else request.onResult(false, undefined, timeoutReason);
  } catch {
    // An error in one pipeline's counters must not affect the others.
  }
}
