import type { Page } from "./encoded-item.ts";
import { Wire } from "./wire.ts";

const PAGE = 64 * 1024;
/** What is left then is enough for most items; one that is larger gets a page that grows. */
const PAGE_FULL = PAGE - 4096;

/** What waits while batches of both signals are full and sent, and twice that. */
const MOST_FREE = 32;

/**
 * Written to anew when the last of its items is released. Memory outside of the
 * heap counts as V8's old generation until that is collected: with a new page
 * each time it was, twice a second under load, which took a tenth of the CPU.
 */
class WirePage implements Page {
  readonly wire: Wire = new Wire(PAGE);
  /** How many of its items are not released. */
  waiting = 0;

  get written(): Buffer {
    return this.wire.written;
  }

  get isFull(): boolean {
    return this.wire.position > PAGE_FULL;
  }

  release(): void {
    this.waiting--;
    if (this !== open) this.giveBack();
  }

  /** To those that are free, if it is and hasn't grown. */
  giveBack(): void {
    const isLikeNew = this.waiting === 0 && this.written.length === PAGE;
    if (!isLikeNew || free.length >= MOST_FREE) return;
    this.wire.reset();
    free.push(this);
  }
}

const free: WirePage[] = [];
let open = new WirePage();

/** The page that has room for one more item. */
export function openPage(): WirePage {
  if (!open.isFull) return open;
  open.giveBack();
  open = free.pop() ?? new WirePage();
  return open;
}
