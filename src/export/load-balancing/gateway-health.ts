import { randomBytes } from "node:crypto";
import type { OtlpConfig } from "../../config/config.ts";
import { backoffMs, type RetryPolicy } from "../connection/retry.ts";
import { RendezvousHash } from "./rendezvous-hash.ts";

/** One attempt per gateway: a failed export is retried with another gateway. */
export const NO_RETRY: RetryPolicy = {
  attempts: 1,
  firstMs: 0,
  factor: 1,
  maxMs: 0,
  jitter: 0,
};

/**
 * How long a failed gateway is not used: each further failure doubles it. At least half
 * of it, since other gateways accept the items meanwhile, and the rest at random: the
 * processes that lost a gateway at the same time do not return to it at the same time.
 */
export const gatewayBackoff: Omit<RetryPolicy, "attempts"> = {
  firstMs: 1000,
  factor: 2,
  maxMs: 30_000,
  jitter: 0.5,
};

/** Routes items without a trace id: all of one process to the same gateway. */
const processRoutingId: string = randomBytes(16).toString("hex");

/** Chooses among several gateways, and remembers which of them are available. */
export class GatewayHealth {
  readonly #rendezvous: RendezvousHash;
  /** By gateway, in the milliseconds of `performance.now()`. */
  readonly #availableAt: number[];
  /** Failures of each gateway since its last success, without those during a pause. */
  readonly #failures: number[];

  /** @param names one per gateway, see `gatewayNamesOf`. */
  constructor(names: readonly string[]) {
    this.#rendezvous = new RendezvousHash(names);
    this.#availableAt = names.map(() => -Infinity);
    this.#failures = names.map(() => 0);
  }

  /**
   * Returns the available gateway for a trace, or without a trace id for this
   * process. If no gateway is available, it is the one that is chosen when all are.
   */
  choose(traceId: string = processRoutingId): number {
    const now = performance.now();
    const chosen = this.#rendezvous.choose(traceId, (gateway) => this.isAvailable(gateway, now));
    return chosen === -1 ? this.#rendezvous.choose(traceId, () => true) : chosen;
  }

  /**
   * Marks a gateway as unavailable, and returns for how long, in milliseconds.
   *
   * @param retryAfterMs the pause that it asks for, bounded.
   */
  failed(gateway: number, retryAfterMs: number): number {
    const remainingMs = (this.#availableAt[gateway] ?? 0) - performance.now();
    // The export of another signal has failed already, or this one was in flight then.
    if (remainingMs > 0 && remainingMs >= retryAfterMs) return remainingMs;
    if (remainingMs <= 0) this.#failures[gateway] = this.#failuresOf(gateway) + 1;
    const ownMs = backoffMs(gatewayBackoff, this.#failuresOf(gateway));
    const pauseMs = Math.max(ownMs, remainingMs, retryAfterMs);
    this.#availableAt[gateway] = performance.now() + pauseMs;
    return pauseMs;
  }

  /** Milliseconds until a gateway is available; 0 if one is now. */
  get msUntilAvailable(): number {
    return Math.max(0, Math.min(...this.#availableAt) - performance.now());
  }

  recovered(gateway: number): void {
    this.#failures[gateway] = 0;
  }

  isAvailable(gateway: number, now: number = performance.now()): boolean {
    return (this.#availableAt[gateway] ?? 0) <= now;
  }

  #failuresOf(gateway: number): number {
    return this.#failures[gateway] ?? 0;
  }
}

const healthByNames = new Map<string, GatewayHealth>();

/** Returns the health of these gateways, which all signals share. */
export function gatewayHealthOf(gateways: readonly OtlpConfig[]): GatewayHealth {
  const names = gatewayNamesOf(gateways.map(({ url }) => new URL(url)));
  const key = names.join(" ");
  const health = healthByNames.get(key) ?? new GatewayHealth(names);
  healthByNames.set(key, health);
  return health;
}

/**
 * Names gateways by host alone, if hosts differ: then services that use
 * gRPC and services that use HTTP, on other ports of the same gateways, route a
 * trace to the same one.
 */
function gatewayNamesOf(urls: readonly URL[]): string[] {
  const hosts = urls.map(({ hostname }) => hostname);
  if (new Set(hosts).size === hosts.length) return hosts;
  return urls.map(({ host, pathname }) => host + pathname.replace(/\/v1\/\w+$/, ""));
}
