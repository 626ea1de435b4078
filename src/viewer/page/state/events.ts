import { signal, type Signal } from "@preact/signals";
import type { ViewerEvent } from "../../model.ts";

/*
 * The events of the server. They are applied in batches, a few times a second: an app
 * under load must not cost the page a frame for each request.
 */

const BATCH_MS = 150;

const TYPES: readonly ViewerEvent["type"][] = [
  ...(["unit", "removed", "log", "run", "profile", "cleared"] as const),
];

export type Connection = "connecting" | "live" | "lost";

export const connection: Signal<Connection> = signal("connecting");

/** Increases when events are missing: the connection is back, or the page was too slow. */
export const reconnections: Signal<number> = signal(0);

type Listener = (events: readonly ViewerEvent[]) => void;

const listeners = new Set<Listener>();
const queue: ViewerEvent[] = [];

/** Calls `listener` with each batch of events; returns a function that ends this. */
export function onEvents(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function connect(): void {
  const source = new EventSource("/api/events");
  let wasLost = false;
  source.addEventListener("open", () => {
    connection.value = "live";
    if (wasLost) reconnections.value += 1;
    wasLost = false;
  });
  source.addEventListener("error", () => {
    connection.value = "lost";
    wasLost = true;
    // The server refused: the browser doesn't try again by itself.
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 2_000);
  });
  source.addEventListener("message", receive);
  for (const type of TYPES) source.addEventListener(type, receive);
}

function receive({ data }: MessageEvent<string>): void {
  const event = JSON.parse(data) as ViewerEvent;
  if (event.type === "lost") reconnections.value += 1;
  queue.push(event);
  if (queue.length === 1) setTimeout(flush, BATCH_MS);
}

function flush(): void {
  const events = queue.splice(0);
  for (const listener of listeners) listener(events);
}
