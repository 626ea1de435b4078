import { AsyncLocalStorage } from "node:async_hooks";
import diagnosticsChannel from "node:diagnostics_channel";
import { lazy } from "../lazy.ts";
import type { ChildProcessInfo } from "./child-processes.ts";
import { isBuildProcess } from "./build-process.ts";

const loadChildProcesses = lazy<typeof import("./child-processes.ts")>("admin/child-processes.ts");

export interface PortClaimDeps {
  /** Whether a server is telltale's admin server, not one of the app. */
  readonly isAdminServer: (server: unknown) => boolean;
  /** Whether any request, message or job has been handled. */
  readonly hasHandledWork: () => boolean;
  /** Delay before a process that handles no work claims the port, in milliseconds. */
  readonly claimDelayMs: number | undefined;
  readonly onClaim: () => void;
  readonly onRelease: () => void;
  /** Called for each child process with an IPC channel: it may be of the same app. */
  readonly onFork: () => void;
}

/** A process that handles no known work may still be the app: a script, or a consumer of an unsupported queue. */
const CLAIM_DELAY_MS = 1000;
/** A forked process is usually part of another one, which gets the time to start first. */
const FORKED_CLAIM_DELAY_MS = 10_000;

/**
 * Decides when this process claims the admin port. With the preload in NODE_OPTIONS
 * the launchers of the app (npm, nodemon, a framework's command) are preloaded too,
 * and start before it. The app is the one that serves. So a process that listens
 * claims the port at once, and any other one after a delay. A process that handles
 * no work and starts another Node releases the port for as long as that one runs.
 */
export class PortClaim {
  readonly #deps: PortClaimDeps;
  /** The app opens servers in its own async context, which must not be retained here. */
  readonly #runOutsideContext: <R>(work: () => R) => R = AsyncLocalStorage.snapshot();
  readonly #children = new Set<ChildProcessInfo>();
  #timer: NodeJS.Timeout | undefined = undefined;
  #isListening = false;

  constructor(deps: PortClaimDeps) {
    this.#deps = deps;
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

  /** Whether the port is released to a child process that still runs. */
  get isReleased(): boolean {
    if (this.#children.size === 0 || this.#isServing()) return false;
    const { hasEnded } = loadChildProcesses();
    for (const child of this.#children) if (hasEnded(child)) this.#children.delete(child);
    return this.#children.size > 0;
  }

  readonly #onListen = (message: unknown): void => {
    const { server, options } = message as ListenMessage;
    // A path is a socket for communication between processes, which launchers have as well.
    if (this.#isListening || typeof options?.path === "string" || this.#deps.isAdminServer(server))
      return;
    this.#isListening = true;
    // After the app's code of this tick: an app that exits at once opens no port.
    this.#runOutsideContext(() => setImmediate(() => this.#deps.onClaim()).unref());
  };

  readonly #onChild = (message: unknown): void => {
    const { process: child } = message as { readonly process: ChildProcessInfo };
    // Not spawned yet.
    process.nextTick(() => {
      try {
        if (child.connected === true) this.#runOutsideContext(() => this.#deps.onFork());
        this.#runOutsideContext(() => this.#addChild(child));
      } catch {
        // The claim stays as it is. The app must not be affected.
      }
    });
  };

  #addChild(child: ChildProcessInfo): void {
    if (this.#isServing()) return;
    const { hasEnded, isClusterPrimary, mayRunNode } = loadChildProcesses();
    if (hasEnded(child) || !mayRunNode(child.spawnfile)) return;
    if (isClusterPrimary()) {
      // A primary claims the port before its workers, which handle the work.
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
