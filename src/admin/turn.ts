import { AsyncLocalStorage } from "node:async_hooks";
import diagnosticsChannel from "node:diagnostics_channel";
import { lazy } from "../lazy.ts";
import type { Child } from "./children.ts";
import { isBuildPart } from "./launcher.ts";

const loadChildren = lazy<typeof import("./children.ts")>("admin/children.ts");

export interface TurnOptions {
  /** Whether a server, not ours, is to be counted as the app's. */
  readonly isOwn: (server: unknown) => boolean;
  /** Whether any request, message or job has come in. */
  readonly hasServed: () => boolean;
  /** How long a process that serves nothing waits, in milliseconds. */
  readonly idleMs?: number;
  readonly onOpen: () => void;
  readonly onGiveUp: () => void;
}

/** A process may serve nothing and still be the app: a script, a consumer of a queue that we don't know. */
const IDLE_MS = 1000;
/** One that was forked is rather a part of another one, and leaves it the time to begin. */
const FORKED_IDLE_MS = 10_000;

/**
 * When the port of this process is its to take. With the preload in NODE_OPTIONS,
 * those that start the app get it too (npm, nodemon, a framework's own command), and
 * come first. What tells them apart is what they do: the app serves. So it is first
 * who listens; one that serves nothing waits a little, and one that serves nothing
 * and starts another Node leaves it to that one for as long as it runs.
 */
export class Turn {
  readonly #options: TurnOptions;
  /** Servers are opened amid the app's work, which is not to hold ours. */
  readonly #outside: <R>(work: () => R) => R = AsyncLocalStorage.snapshot();
  readonly #children = new Set<Child>();
  #timer: NodeJS.Timeout | undefined = undefined;
  #listens = false;

  constructor(options: TurnOptions) {
    this.#options = options;
  }

  start(): void {
    if (isBuildPart(process.argv)) return;
    const idleMs = process.send === undefined ? IDLE_MS : FORKED_IDLE_MS;
    this.#timer = setTimeout(() => this.#open(), this.#options.idleMs ?? idleMs).unref();
    diagnosticsChannel.subscribe("tracing:net.server.listen:asyncStart", this.#onListen);
    diagnosticsChannel.subscribe("child_process", this.#onChild);
  }

  stop(): void {
    clearTimeout(this.#timer);
    diagnosticsChannel.unsubscribe("tracing:net.server.listen:asyncStart", this.#onListen);
    diagnosticsChannel.unsubscribe("child_process", this.#onChild);
  }

  /** It is left to a process that this one has started. */
  get isLeft(): boolean {
    if (this.#children.size === 0 || this.#serves()) return false;
    const { hasEnded } = loadChildren();
    for (const child of this.#children) if (hasEnded(child)) this.#children.delete(child);
    return this.#children.size > 0;
  }

  readonly #onListen = (message: unknown): void => {
    const { server, options } = message as Listening;
    // A path is a way between processes, which launchers have as well.
    if (this.#listens || typeof options?.path === "string" || this.#options.isOwn(server)) return;
    this.#listens = true;
    // The app's own code goes first; an app that ends at once opens no port.
    this.#outside(() => setImmediate(() => this.#options.onOpen()).unref());
  };

  readonly #onChild = (message: unknown): void => {
    const { process: child } = message as { readonly process: Child };
    // Not spawned yet.
    process.nextTick(() => {
      try {
        this.#outside(() => this.#noteChild(child));
      } catch {
        // The port stays where it is; the app must not hear of it.
      }
    });
  };

  #noteChild(child: Child): void {
    if (this.#serves()) return;
    const { hasEnded, isClusterPrimary, mayRunNode } = loadChildren();
    if (hasEnded(child) || !mayRunNode(child.spawnfile)) return;
    if (isClusterPrimary()) {
      // Before its workers, which serve in its place.
      this.#options.onOpen();
      return;
    }
    this.#children.add(child);
    this.#options.onGiveUp();
  }

  #open(): void {
    if (this.isLeft) this.#timer?.refresh();
    else this.#options.onOpen();
  }

  #serves(): boolean {
    return this.#listens || this.#options.hasServed();
  }
}

interface Listening {
  readonly server: unknown;
  readonly options?: { readonly path?: unknown };
}
