import { AsyncLocalStorage } from "node:async_hooks";
import diagnosticsChannel from "node:diagnostics_channel";
import { lazy } from "../lazy.ts";
import type { ChildProcessInfo } from "./child-processes.ts";
import { isBuildProcess } from "./build-process.ts";

const loadChildProcesses = lazy<typeof import("./child-processes.ts")>("admin/child-processes.ts");

export interface PortClaimDeps {
  /** Whether a server, not ours, is to be counted as the app's. */
  readonly isAdminServer: (server: unknown) => boolean;
  /** Whether any request, message or job has come in. */
  readonly hasHandledWork: () => boolean;
  /** How long a process that serves nothing waits, in milliseconds. */
  readonly claimDelayMs?: number;
  readonly onClaim: () => void;
  readonly onRelease: () => void;
}

/** A process may serve nothing and still be the app: a script, a consumer of a queue that we don't know. */
const CLAIM_DELAY_MS = 1000;
/** One that was forked is rather a part of another one, and leaves it the time to begin. */
const FORKED_CLAIM_DELAY_MS = 10_000;

/**
 * When the port of this process is its to take. With the preload in NODE_OPTIONS,
 * those that start the app get it too (npm, nodemon, a framework's own command), and
 * come first. What tells them apart is what they do: the app serves. So it is first
 * who listens; one that serves nothing waits a little, and one that serves nothing
 * and starts another Node leaves it to that one for as long as it runs.
 */
export class PortClaim {
  readonly #deps: PortClaimDeps;
  /** Servers are opened amid the app's work, which is not to hold ours. */
  readonly #runOutsideContext: <R>(work: () => R) => R = AsyncLocalStorage.snapshot();
  readonly #children = new Set<ChildProcessInfo>();
  #timer: NodeJS.Timeout | undefined = undefined;
  #isListening = false;

  constructor(options: PortClaimDeps) {
    this.#deps = options;
  }

  start(): void {
    if (isBuildProcess(process.argv)) return;
    const claimDelayMs = process.send === undefined ? CLAIM_DELAY_MS : FORKED_CLAIM_DELAY_MS;
    this.#timer = setTimeout(() => this.#claim(), this.#deps.claimDelayMs ?? claimDelayMs).unref();
    diagnosticsChannel.subscribe("tracing:net.server.listen:asyncStart", this.#onListen);
    diagnosticsChannel.subscribe("child_process", this.#onChild);
  }

  stop(): void {
    clearTimeout(this.#timer);
    diagnosticsChannel.unsubscribe("tracing:net.server.listen:asyncStart", this.#onListen);
    diagnosticsChannel.unsubscribe("child_process", this.#onChild);
  }

  /** It is left to a process that this one has started. */
  get isReleased(): boolean {
    if (this.#children.size === 0 || this.#isServing()) return false;
    const { hasEnded } = loadChildProcesses();
    for (const child of this.#children) if (hasEnded(child)) this.#children.delete(child);
    return this.#children.size > 0;
  }

  readonly #onListen = (message: unknown): void => {
    const { server, options } = message as ListenMessage;
    // A path is a way between processes, which launchers have as well.
    if (this.#isListening || typeof options?.path === "string" || this.#deps.isAdminServer(server))
      return;
    this.#isListening = true;
    // The app's own code goes first; an app that ends at once opens no port.
    this.#runOutsideContext(() => setImmediate(() => this.#deps.onClaim()).unref());
  };

  readonly #onChild = (message: unknown): void => {
    const { process: child } = message as { readonly process: ChildProcessInfo };
    // Not spawned yet.
    process.nextTick(() => {
      try {
        this.#runOutsideContext(() => this.#addChild(child));
      } catch {
        // The port stays where it is; the app must not hear of it.
      }
    });
  };

  #addChild(child: ChildProcessInfo): void {
    if (this.#isServing()) return;
    const { hasEnded, isClusterPrimary, mayRunNode } = loadChildProcesses();
    if (hasEnded(child) || !mayRunNode(child.spawnfile)) return;
    if (isClusterPrimary()) {
      // Before its workers, which serve in its place.
      this.#deps.onClaim();
      return;
    }
    this.#children.add(child);
    this.#deps.onRelease();
  }

  #claim(): void {
    if (this.isReleased) this.#timer?.refresh();
    else this.#deps.onClaim();
  }

  #isServing(): boolean {
    return this.#isListening || this.#deps.hasHandledWork();
  }
}

interface ListenMessage {
  readonly server: unknown;
  readonly options?: { readonly path?: unknown };
}
