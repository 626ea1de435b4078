import type { PooledBuffer } from "./encoded-item.ts";
import { ProtobufWriter } from "./protobuf-writer.ts";

const BUFFER_BYTES = 64 * 1024;
/** What is left then is enough for most items; one that is larger gets a page that grows. */
const FULL_AT_BYTES = BUFFER_BYTES - 4096;

/** What waits while batches of both signals are full and sent, and twice that. */
const MAX_FREE_BUFFERS = 32;

/**
 * Written to anew when the last of its items is released. Memory outside of the
 * heap counts as V8's old generation until that is collected: with a new page
 * each time it was, twice a second under load, which took a tenth of the CPU.
 */
class WriterBuffer implements PooledBuffer {
  readonly writer: ProtobufWriter = new ProtobufWriter(BUFFER_BYTES);
  /** How many of its items are not released. */
  unreleased = 0;

  get bytes(): Buffer {
    return this.writer.buffer;
  }

  get isFull(): boolean {
    return this.writer.position > FULL_AT_BYTES;
  }

  release(): void {
    this.unreleased--;
    if (this !== currentBuffer) this.returnToPool();
  }

  /** To those that are free, if it is and hasn't grown. */
  returnToPool(): void {
    const isLikeNew = this.unreleased === 0 && this.bytes.length === BUFFER_BYTES;
    if (!isLikeNew || freeBuffers.length >= MAX_FREE_BUFFERS) return;
    this.writer.reset();
    freeBuffers.push(this);
  }
}

const freeBuffers: WriterBuffer[] = [];
let currentBuffer = new WriterBuffer();

/** The page that has room for one more item. */
export function acquireBuffer(): WriterBuffer {
  if (!currentBuffer.isFull) return currentBuffer;
  currentBuffer.returnToPool();
  currentBuffer = freeBuffers.pop() ?? new WriterBuffer();
  return currentBuffer;
}
