import type { Socket } from "node:net";
import type { Attributes, BatchObservableResult, Observable } from "@opentelemetry/api";
import { now } from "../../clock.ts";
import { lowCardinality } from "../../low-cardinality.ts";
import { SECONDS_BOUNDARIES } from "../../metrics/boundaries.ts";
import type { BindableRecorder } from "../../metrics/meter.ts";
import type { StoreMeter } from "../../metrics/store-meter.ts";
import { tryRead } from "../../try-read.ts";
import type { Target } from "../url.ts";

/** Server of a connection. */
type Peer = Pick<Target, "address" | "port">;

/** A call in flight, as far as its connection is concerned. */
export interface CallInFlight {
  readonly method: string;
  readonly startedAt: number;
  /** The connection that it uses, of a client that reports none itself. */
  readonly socket: Socket | null | undefined;
  /** Returns the server, also before the end of the call. */
  currentTarget(): Peer | undefined;
}

/** A connection that is open. */
export interface ClientConnection {
  /** Number of calls that use it, where the client reports them. */
  calls: number;
}

interface OpenConnection extends ClientConnection {
  readonly attributes: Attributes;
  readonly openedAt: number;
  readonly isActive: () => boolean;
}

/** Socket of `node:http`, with the request that uses it. */
type HttpSocket = Socket & { readonly _httpMessage?: unknown };

/**
 * Metrics of the connections and the calls in flight of HTTP clients. Both are observed
 * when they are collected:
 * https://opentelemetry.io/docs/specs/semconv/http/http-metrics/#http-client
 */
export class ClientConnections {
  readonly #duration: BindableRecorder;
  readonly #open = new Map<Socket, OpenConnection>();
  readonly #calls = new Set<CallInFlight>();
  readonly #openCounts = new Counts();
  readonly #callCounts = new Counts();

  constructor(meter: StoreMeter) {
    this.#duration = meter.createHistogram("http.client.connection.duration", {
      description: "The duration of the successfully established outbound HTTP connections.",
      unit: "s",
      advice: { explicitBucketBoundaries: [...SECONDS_BOUNDARIES, 60, 300] },
    });
    const open = meter.createObservableUpDownCounter("http.client.open_connections", {
      description:
        "Number of outbound HTTP connections that are currently active or idle on the client.",
      unit: "{connection}",
    });
    const active = meter.createObservableUpDownCounter("http.client.active_requests", {
      description: "Number of active HTTP requests.",
      unit: "{request}",
    });
    meter.addBatchObservableCallback(
      (result) => {
        this.#observeOpen(result, open);
        this.#observeCalls(result, active);
      },
      [open, active],
    );
  }

  add(call: CallInFlight): void {
    this.#calls.add(call);
  }

  /** Ends a call, whose connection of `node:http` is known now, if there was one. */
  delete(call: CallInFlight): void {
    this.#calls.delete(call);
    this.#addSocketOf(call);
  }

  /** Adds a connection that a client reports when it is open. */
  opened(socket: Socket, peer: Peer): void {
    this.#add(socket, peer, now(), ({ calls }) => calls > 0);
  }

  /** Returns an open connection. */
  of(socket: Socket): ClientConnection | undefined {
    return this.#open.get(socket);
  }

  /** Node reports no connection of `node:http`, so it is added with the first call that uses it. */
  #addSocketOf(call: CallInFlight): void {
    const { socket } = call;
    if (socket === null || socket === undefined) return;
    if (this.#open.has(socket) || socket.connecting || socket.destroyed) return;
    const peer = call.currentTarget();
    const isActive = (): boolean => ((socket as HttpSocket)._httpMessage ?? null) !== null;
    if (peer !== undefined) this.#add(socket, peer, call.startedAt, isActive);
  }

  #add(
    socket: Socket,
    { address, port }: Peer,
    openedAt: number,
    isActive: (connection: ClientConnection) => boolean,
  ): void {
    const attributes = { "server.address": lowCardinality(address), "server.port": port };
    const connection: OpenConnection = {
      calls: 0,
      attributes,
      openedAt,
      isActive: () => tryRead(() => isActive(connection)) === true,
    };
    this.#open.set(socket, connection);
    socket.once("close", () => {
      this.#open.delete(socket);
      tryRead(() => this.#duration.bind(attributes))?.record((now() - openedAt) / 1000);
    });
  }

  #observeOpen(result: BatchObservableResult, open: Observable): void {
    for (const call of this.#calls) this.#addSocketOf(call);
    const counts = this.#openCounts;
    for (const { attributes, isActive } of this.#open.values())
      counts.add({ ...attributes, "http.connection.state": isActive() ? "active" : "idle" });
    counts.observe(result, open);
  }

  #observeCalls(result: BatchObservableResult, active: Observable): void {
    const counts = this.#callCounts;
    for (const call of this.#calls) {
      const peer = tryRead(() => call.currentTarget());
      if (peer === undefined) continue;
      counts.add({
        "http.request.method": call.method,
        "server.address": lowCardinality(peer.address),
        "server.port": peer.port,
      });
    }
    counts.observe(result, active);
  }
}

/** Services call few servers. Beyond this, a count is forgotten when it is 0. */
const MAX_KEPT_COUNTS = 500;

/**
 * Counts by attributes. One that was observed is 0 later, and not absent: a backend would
 * show its last value.
 */
class Counts {
  readonly #counts = new Map<string, { readonly attributes: Attributes; count: number }>();

  add(attributes: Attributes): void {
    const key = Object.values(attributes).join(" ");
    const known = this.#counts.get(key);
    if (known === undefined) this.#counts.set(key, { attributes, count: 1 });
    else known.count++;
  }

  /** Observes the counts, and starts again from 0. */
  observe(result: BatchObservableResult, observable: Observable): void {
    for (const [key, counted] of this.#counts) {
      result.observe(observable, counted.count, counted.attributes);
      counted.count = 0;
      if (this.#counts.size > MAX_KEPT_COUNTS) this.#counts.delete(key);
    }
  }
}
