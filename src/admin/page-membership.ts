import type { PageSharing } from "../metrics/cluster/page-sharing.ts";
import type { CacheWarmers } from "../warming/cache-warmers.ts";
import { replyToWarmingCall } from "./warming-call.ts";

export interface PageMembershipDeps {
  readonly sharing: PageSharing;
  /** Tries to listen on the admin port. */
  readonly listen: () => void;
  /** Returns the cache warmers, which the process with the port runs by hand. */
  readonly warmers: () => CacheWarmers | undefined;
}

export function createMembership(deps: PageMembershipDeps): PageMembership {
  return new PageMembership(deps);
}

/** The owner of the port opens its socket a little later, and may be blocked meanwhile. */
const RETRY_DELAYS_MS = [20, 50, 100, 200, 400, 800];

/** The system closes the port of a killed process some time after its sockets. */
const TAKEOVER_DELAY_MS = 20;

/**
 * Whether this process sends its metrics to the process that has the admin port. For
 * the processes of a cluster, of PM2, and all that were forked: they are one app.
 */
export class PageMembership {
  readonly #deps: PageMembershipDeps;
  #state: "none" | "joining" | "joined" | "stopped" = "none";
  #isPortClaimed = false;

  constructor(deps: PageMembershipDeps) {
    this.#deps = deps;
    deps.sharing.onCall = (call) => replyToWarmingCall(call, deps.warmers());
  }

  /** Joins the owner of the page if there is one already: before the app counts anything. */
  async joinEarly(): Promise<void> {
    if (!(await this.#join()) && this.#isPortClaimed) this.#deps.listen();
  }

  /** Returns whether the port is not needed, at least for now. */
  holdsPortBack(): boolean {
    this.#isPortClaimed = true;
    return this.#state !== "none";
  }

  /** This process has the port: it collects the metrics of the others. */
  serve(): void {
    this.#deps.sharing.serve();
  }

  /**
   * Joins the process that has the port.
   *
   * @returns false if it does not accept: it is of another app.
   */
  async joinOwner(): Promise<boolean> {
    if (await this.#join()) return true;
    for (const delayMs of RETRY_DELAYS_MS) {
      await new Promise((resolve) => setTimeout(resolve, delayMs).unref());
      if (this.#state !== "none" || (await this.#join())) return true;
    }
    return false;
  }

  stop(): void {
    this.#state = "stopped";
    this.#deps.sharing.stop();
  }

  async #join(): Promise<boolean> {
    this.#state = "joining";
    const isJoined = await this.#deps.sharing.join(() => this.#onLost());
    if (this.#state === "joining") this.#state = isJoined ? "joined" : "none";
    return isJoined;
  }

  /** The owner has ended: its port is free, for the heir of its counts before all others. */
  #onLost(): void {
    if (this.#state !== "joined") return;
    this.#state = "none";
    if (this.#deps.sharing.isHeir) setTimeout(() => this.#deps.listen(), TAKEOVER_DELAY_MS).unref();
    else void this.#joinNextOwner();
  }

  async #joinNextOwner(): Promise<void> {
    if (!(await this.joinOwner())) this.#deps.listen();
  }
}
