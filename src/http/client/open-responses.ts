import { now } from "../../clock.ts";

/** Outgoing call whose response has started. */
export interface OpenResponse {
  /** Monotonic time when the head of the response was received. */
  readonly responseAt: number;
  readonly isUnread: (() => boolean) | undefined;
  /** @param endedAt monotonic time; default: now */
  end(endedAt?: number): void;
}

/** How long an app may take until it starts to read a body. */
const READ_GRACE_MS = 500;

/**
 * Outgoing calls whose response has not been read to its end. A call whose response
 * the app does not read would last until its connection closes, or forever: it ends
 * at the head of the response (https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span-duration).
 *
 * One timer checks all of them, and runs only while there are any.
 */
export class OpenResponses {
  readonly #open = new Set<OpenResponse>();
  readonly #onInternalError: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(onInternalError: (error: unknown) => void) {
    this.#onInternalError = onInternalError;
  }

  add(response: OpenResponse): void {
    this.#open.add(response);
    if (this.#timer === undefined) this.#schedule();
  }

  delete(response: OpenResponse): void {
    this.#open.delete(response);
  }

  /** Ends all of them at process exit. */
  endAll(): void {
    for (const response of this.#open) this.#end(response, isUnread(response));
  }

  #schedule(): void {
    this.#timer = setTimeout(() => this.#sweep(), READ_GRACE_MS).unref();
  }

  #sweep(): void {
    this.#timer = undefined;
    const latest = now() - READ_GRACE_MS;
    for (const response of this.#open) {
      if (response.responseAt <= latest && isUnread(response)) this.#end(response, true);
    }
    if (this.#open.size > 0) this.#schedule();
  }

  #end(response: OpenResponse, atHead: boolean): void {
    this.#open.delete(response);
    try {
      response.end(atHead ? response.responseAt : now());
    } catch (error) {
      this.#onInternalError(error);
    }
  }
}

function isUnread(response: OpenResponse): boolean {
  return response.isUnread?.() === true;
}
