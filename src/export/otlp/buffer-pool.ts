import type { PooledBuffer } from "./encoded-item.ts";
import { ProtobufWriter } from "./protobuf-writer.ts";

const BUFFER_BYTES = 64 * 1024;
/** The remaining bytes are enough for most items; a larger item makes its buffer grow. */
const FULL_AT_BYTES = BUFFER_BYTES - 4096;

/** Twice the number in use while batches of both signals are queued and in flight. */
const MAX_FREE_BUFFERS = 32;

/**
 * A buffer for encoded items that is reused when the last of them is released.
 * Memory outside the heap counts as V8's old generation until it is collected: new
 * buffers each time caused two such collections a second under load, which took a
 * tenth of the CPU.
 */
class WriterBuffer implements PooledBuffer {
  readonly writer: ProtobufWriter = new ProtobufWriter(BUFFER_BYTES);
  readonly #pool: BufferPool;
  /** Number of its items that are not released yet. */
  unreleased = 0;

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  get bytes(): Buffer {
    return this.writer.buffer;
  }

  get isFull(): boolean {
    return this.writer.position > FULL_AT_BYTES;
  }

  /** Whether it can be reused: no item uses it, and it has not grown. */
  get isReusable(): boolean {
    return this.unreleased === 0 && this.bytes.length === BUFFER_BYTES;
  }

  release(): void {
    this.unreleased--;
    this.#pool.recycle(this);
  }
}

/** The buffers of both signals. */
export class BufferPool {
  readonly #free: WriterBuffer[] = [];
  #current: WriterBuffer = new WriterBuffer(this);

  /** Returns the buffer that has space for one more item. */
  acquire(): WriterBuffer {
    const previous = this.#current;
    if (!previous.isFull) return previous;
    this.#current = this.#free.pop() ?? new WriterBuffer(this);
    this.recycle(previous);
    return this.#current;
  }

  recycle(buffer: WriterBuffer): void {
    if (buffer === this.#current || !buffer.isReusable) return;
    if (this.#free.length >= MAX_FREE_BUFFERS) return;
    buffer.writer.reset();
    this.#free.push(buffer);
  }
}
