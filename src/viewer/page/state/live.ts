import { useEffect, useRef } from "preact/hooks";
import { signal, type Signal } from "@preact/signals";
import type { ViewerEvent, ViewerStatus } from "../../model.ts";
import { fetchStatus } from "./api.ts";
import { onEvents, reconnections } from "./events.ts";
import { offline } from "./offline.ts";

export const status: Signal<ViewerStatus | undefined> = signal(undefined);

/** Why the server does not answer; empty if it does. */
export const statusFailure: Signal<string> = signal("");

/** Loads what the viewer is and has, now and when the connection is back. */
export function useStatus(): void {
  const connected = reconnections.value;
  useEffect(() => {
    if (offline === undefined) void loadStatus();
  }, [connected]);
}

export async function loadStatus(): Promise<void> {
  try {
    status.value = await fetchStatus();
    statusFailure.value = "";
  } catch (error) {
    statusFailure.value = error instanceof Error ? error.message : String(error);
  }
}

/** Calls `listener` with each batch of events while a component is shown. */
export function useEvents(listener: (events: readonly ViewerEvent[]) => void): void {
  const latest = useRef(listener);
  latest.current = listener;
  useEffect(() => onEvents((events) => latest.current(events)), []);
}

/**
 * Runs `load` now, when `inputs` change, when the connection is back, and at most every
 * `everyMs` while events come that it concerns.
 */
export function useLiveLoad(
  load: () => Promise<void>,
  inputs: readonly unknown[],
  everyMs: number,
  concerns: (event: ViewerEvent) => boolean,
): void {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    void latest.current();
    return () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    };
  }, [...inputs, reconnections.value]);
  useEvents((events) => {
    if (!events.some(concerns)) return;
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      void latest.current();
    }, everyMs);
  });
}
