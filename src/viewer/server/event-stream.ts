import type { ServerResponse } from "node:http";
import type { ViewerEvent } from "../model.ts";

/** How many events a page can be behind, at least; the list is cut at twice this. */
const MAX_EVENTS = 2000;
const MAX_BYTES = 8 * 1024 * 1024;

/** A page that has read nothing for so many heartbeats is closed. */
const MAX_MISSED_BEATS = 4;

/** The number of pages that are open at the same time. */
const MAX_PAGES = 32;

/** Keeps the connection of a page from being closed as idle. */
const HEARTBEAT_MS = 15_000;

interface StoredEvent {
  readonly id: number;
  readonly text: string;
}

/** A page that listens. */
interface Listener {
  readonly response: ServerResponse;
  /** The id of the last event that was written. */
  lastId: number;
  /** Whether the kernel has taken all that was written. */
  isReady: boolean;
  missedBeats: number;
}

/**
 * The stream of events to the pages (server-sent events). All pages share one list of the
 * latest events, and each has its place in it. A page that reads slowly falls behind, and
 * takes no memory; one that is too far behind gets the event `lost`, and loads its lists
 * again. So does a page that returns with the id of an event that is gone.
 */
export class EventStream {
  readonly #listeners = new Set<Listener>();
  #events: StoredEvent[] = [];
  #bytes = 0;
  #lastId: number;
  readonly #timer: NodeJS.Timeout;

  /** @param firstId differs between two starts of the viewer, so that no page continues in another stream. */
  constructor(firstId: number = Date.now() * 1000) {
    this.#lastId = firstId;
    this.#timer = setInterval(() => this.#beat(), HEARTBEAT_MS).unref();
  }

  /** Number of pages that listen. */
  get pages(): number {
    return this.#listeners.size;
  }

  /** Adds an event, and writes it to the pages that can take it. */
  send(event: ViewerEvent): void {
    const id = ++this.#lastId;
    const text = `id: ${id}\ndata: ${JSON.stringify(event)}\n\n`;
    this.#events.push({ id, text });
    this.#bytes += text.length;
    this.#trim();
    for (const listener of this.#listeners) this.#write(listener);
  }

  /**
   * Adds a page, which gets all events after `lastEventId`.
   *
   * @returns false if there are too many pages.
   */
  add(response: ServerResponse, lastEventId: string | undefined): boolean {
    if (this.#listeners.size >= MAX_PAGES) return false;
    const known = Number(lastEventId ?? this.#lastId);
    const listener: Listener = {
      response,
      lastId: Number.isSafeInteger(known) && known <= this.#lastId ? known : -1,
      isReady: true,
      missedBeats: 0,
    };
    this.#listeners.add(listener);
    response.once("close", () => this.#listeners.delete(listener));
    response.on("drain", () => {
      listener.isReady = true;
      this.#write(listener);
    });
    // Without data, browsers remember the id and report no event.
    response.write(`retry: 1000\nid: ${Math.max(listener.lastId, 0)}\n\n`);
    this.#write(listener);
    return true;
  }

  close(): void {
    clearInterval(this.#timer);
    for (const { response } of this.#listeners) response.destroy();
  }

  #trim(): void {
    if (this.#events.length <= 2 * MAX_EVENTS && this.#bytes <= MAX_BYTES) return;
    let from = Math.max(0, this.#events.length - MAX_EVENTS);
    for (const { text } of this.#events.slice(0, from)) this.#bytes -= text.length;
    for (; this.#bytes > MAX_BYTES / 2 && from < this.#events.length - 1; from++)
      this.#bytes -= this.#events[from]!.text.length;
    this.#events = this.#events.slice(from);
  }

  #write(listener: Listener): void {
    const { response } = listener;
    if (!listener.isReady || response.destroyed) return;
    const firstId = this.#lastId - this.#events.length + 1;
    if (listener.lastId < firstId - 1) {
      listener.lastId = this.#lastId;
      listener.isReady = response.write(
        `id: ${this.#lastId}\ndata: ${JSON.stringify({ type: "lost" } satisfies ViewerEvent)}\n\n`,
      );
      return;
    }
    while (listener.isReady && listener.lastId < this.#lastId) {
      const { id, text } = this.#events[listener.lastId + 1 - firstId]!;
      listener.lastId = id;
      listener.isReady = response.write(text);
    }
  }

  #beat(): void {
    for (const listener of this.#listeners) {
      listener.missedBeats = listener.isReady ? 0 : listener.missedBeats + 1;
      if (listener.isReady) listener.isReady = listener.response.write(": \n\n");
      else if (listener.missedBeats >= MAX_MISSED_BEATS) listener.response.destroy();
    }
  }
}
