import type { Client } from "@sentry/core";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import { SignalCounters } from "../diagnostics/telemetry-counters.ts";
import type { ExitRequestFactory } from "../export/pipeline.ts";
import { EnvelopeTransport, type EnvelopeTransportDeps } from "./transport/transport.ts";

/**
 * The DSN of a client that sends to Spotlight only. It is not part of any address: a
 * client of Sentry has no transport without one.
 */
export const SPOTLIGHT_DSN = "http://spotlight@localhost/0";

/** Creates a transport to Spotlight. */
export function createSpotlightTransport(
  url: string,
  deps: Pick<EnvelopeTransportDeps, "counters" | "diagnostics" | "recordLoss">,
): EnvelopeTransport {
  return new EnvelopeTransport({ ...deps, peer: "Spotlight", url, headers: {} });
}

/**
 * A copy of all envelopes for Spotlight, Sentry's tool for development. It has counters
 * of its own, since its failures are no losses.
 */
export class SpotlightCopy {
  readonly #transport: EnvelopeTransport;

  constructor(url: string, diagnostics: Diagnostics) {
    const counters = new SignalCounters();
    this.#transport = createSpotlightTransport(url, {
      counters,
      diagnostics,
      recordLoss: () => {},
    });
  }

  /** Copies the envelopes of a client. */
  watch(client: Client): void {
    client.on("beforeEnvelope", (envelope) => void this.#transport.send(envelope));
  }

  /** Removes and returns everything that has not reached the network. */
  drainForExit(): ExitRequestFactory[] {
    return this.#transport.drain();
  }
}
