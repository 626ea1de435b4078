import assert from "node:assert/strict";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { WebApp, type AppOptions } from "./app.ts";

export interface CrashCase {
  readonly app: Omit<AppOptions, "receiver">;
  /** What the app dies of. */
  readonly crash: (app: WebApp) => Promise<unknown>;
  /** What is told of it. */
  readonly check: (receiver: Receiver) => Promise<void>;
}

/** An app that dies of something dies alike, says the same and tells of it. */
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
    await check(receiver);
  } finally {
    await receiver.close();
  }
}

/** The one event of an app that died of `message`, in the trace of its caller. */
export async function checkFatalEvent(
  receiver: Receiver,
  message: string,
  traceId: string,
): Promise<void> {
  await receiver.waitFor(({ events }) => events.length > 0, "an event");
  assert.deepEqual(
    receiver.events.map(({ exception, contexts }) => [
      exception?.values?.at(-1)?.value,
      contexts?.["trace"]?.["trace_id"],
    ]),
    [[message, traceId]],
  );
}

/** Our frames are on the stack of what runs below us, and push those of Node and of libraries off its end. */
function withoutOwnFrames(stderr: string): string {
  return stderr
    .split("\n")
    .filter((line) => !/^ +at .*(\/dist\/|\/node_modules\/|node:)/.test(line))
    .join("\n");
}
