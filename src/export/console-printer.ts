import type { Diagnostics } from "../diagnostics/diagnostics.ts";

export interface ConsolePrinterOptions<Item> {
  readonly diagnostics: Diagnostics;
  /** The key of the diagnostic line. */
  readonly key: string;
  /** What an item is called in it: "a span". */
  readonly noun: string;
  /** Loads the exporter, at the first item. */
  readonly load: () => (item: Item) => void;
}

/**
 * Creates a function that prints items on the console and never throws. An app
 * whose `stdout` writes to its own logger would have each print create the next
 * item: what is created during a print is not printed.
 */
export function createConsolePrinter<Item>({
  diagnostics,
  key,
  noun,
  load,
}: ConsolePrinterOptions<Item>): (item: Item) => void {
  let print: ((item: Item) => void) | undefined;
  let isPrinting = false;
  return (item) => {
    if (isPrinting) return;
    isPrinting = true;
    try {
      (print ??= load())(item);
    } catch (error) {
      diagnostics.error(key, `${noun} could not be printed: ${String(error)}`);
    }
    isPrinting = false;
  };
}
