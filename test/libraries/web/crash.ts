import assert from "node:assert/strict";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { WebApp, type AppOptions } from "./app.ts";

export interface CrashCase {
  readonly app: Omit<AppOptions, "receiver">;
  /** Crashes the app. */
  readonly crash: (app: WebApp) => Promise<unknown>;
  /** Checks the telemetry of the crash. */
  readonly check: (receiver: Receiver) => void;
}

/** Asserts that an app crashes with the same code and output as without the preload, and reports the crash. */
export async function crashesAlike({ app, crash, check }: CrashCase): Promise<void> {
  const receiver = await startReceiver();
  try {
    const apps = await Promise.all([WebApp.start(app), WebApp.start({ ...app, receiver })]);
    const [asBare, end] = await Promise.all(
      apps.map(async (one) => {
        await crash(one);
        return one.ended;
      }),
    );
    assert.equal(asBare?.code, 1);
    assert.equal(end?.code, asBare.code);
    assert.equal(withoutOwnFrames(end.stderr), withoutOwnFrames(asBare.stderr));
    await receiver.settled();
    check(receiver);
  } finally {
    await receiver.close();
  }
}

/** Asserts that the crash with `message` was one event, in the trace of its caller. */
export function checkFatalEvent(receiver: Receiver, message: string, traceId: string): void {
  assert.deepEqual(
    receiver.events.map(({ exception, contexts }) => [
      exception?.values?.at(-1)?.value,
      contexts?.["trace"]?.["trace_id"],
    ]),
    [[message, traceId]],
  );
}

/** Removes frames: those of telltale are on the stack too, and push those of Node and of libraries off its end. */
function withoutOwnFrames(stderr: string): string {
  return stderr
    .split("\n")
    .filter((line) => !/^ +at .*(\/dist\/|\/node_modules\/|node:)/.test(line))
    .join("\n");
}
