import { now } from "../../../clock.ts";
import { replaceMethod } from "../../loading/replace-method.ts";
import type { RedisCalls } from "../redis/commands.ts";
import { type Client, targetOf } from "./command-calls.ts";

interface ConnectingClient extends Client {
  /** `connecting`, `connect` (the handshake), `ready`, and others. */
  readonly status?: string;
  /** Whether the app closes it. */
  readonly manuallyClosing?: boolean;
}

/**
 * Records each attempt to connect that fails: with `maxRetriesPerRequest: null`, as BullMQ needs
 * it, commands wait without an end. A client connects again by `connect`, and reports an error
 * of its connection by `silentEmit`, whether the app listens or not.
 */
export function patchConnecting(prototype: object, { database }: RedisCalls): void {
  const startedAt = new WeakMap<object, number>();
  replaceMethod<ConnectingClient, unknown[]>(
    prototype,
    "connect",
    (original) =>
      function connect(...args) {
        startedAt.set(this, now());
        return Reflect.apply(original, this, args);
      },
  );
  replaceMethod<ConnectingClient, [event: unknown, error?: unknown, ...rest: unknown[]]>(
    prototype,
    "silentEmit",
    (original) =>
      function silentEmit(...args) {
        const [event, error] = args;
        if (event === "error" && isConnecting(this) && isSystemError(error))
          database.recordUnopened(targetOf(this).attributes, error, startedAt.get(this));
        return Reflect.apply(original, this, args);
      },
  );
}

function isConnecting({ status, manuallyClosing }: ConnectingClient): boolean {
  return status !== "ready" && status !== "end" && manuallyClosing !== true;
}

/** Whether the connection failed, and not a command of the handshake. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === "string";
}
