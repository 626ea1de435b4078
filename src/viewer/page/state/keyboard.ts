import { useEffect, useRef } from "preact/hooks";
import { signal, type Signal } from "@preact/signals";

/*
 * Keys of the page. Those of the innermost component come first. Keys of two letters begin with
 * `g`: `g r` goes to the requests.
 */

export type Keys = Readonly<Record<string, () => void>>;

export const helpIsOpen: Signal<boolean> = signal(false);

const PREFIX = "g";

/** How long the second letter of a key is waited for. */
const PREFIX_MS = 1_500;

/** Those of a component are after those of the components around it. */
const layers: { keys: Keys }[] = [];

let prefixEnds = 0;

export function startKeyboard(): void {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isTyping = isInput(event.target);
    if (isTyping && event.key !== "Escape") return;
    if (isTyping) (event.target as HTMLElement).blur();
    else if (runKey(nameOf(event))) event.preventDefault();
  });
}

function nameOf({ key, timeStamp }: KeyboardEvent): string {
  const hasPrefix = timeStamp < prefixEnds;
  prefixEnds = key === PREFIX && !hasPrefix ? timeStamp + PREFIX_MS : 0;
  return hasPrefix ? `${PREFIX} ${key}` : key;
}

function runKey(name: string): boolean {
  const layer = layers.findLast(({ keys }) => keys[name] !== undefined);
  layer?.keys[name]?.();
  return layer !== undefined;
}

function isInput(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return target.type !== "checkbox";
  return target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
}

/** Binds keys while a component is shown. */
export function useKeys(keys: Keys): void {
  const own = useRef<{ keys: Keys }>(undefined);
  if (own.current === undefined) {
    own.current = { keys };
    // While rendering, since effects run for inner components first.
    layers.push(own.current);
  }
  const layer = own.current;
  layer.keys = keys;
  useEffect(
    () => () => {
      layers.splice(layers.indexOf(layer), 1);
    },
    [],
  );
}
