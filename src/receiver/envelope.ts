import type { ReceivedItem } from "./received.ts";

const NEWLINE = 10;

/**
 * Reads a Sentry envelope: a line of JSON, then per item a header line and a
 * payload, which is as long as the header says or goes to the end of its line.
 * Throws on nonsense. Format: develop.sentry.dev/sdk/data-model/envelopes/.
 */
export function readEnvelope(body: Buffer, project: string, publicKey: string): ReceivedItem[] {
  const lines = new Lines(body);
  const envelope = parse(lines.next());
  const items: ReceivedItem[] = [];
  while (!lines.done) {
    const line = lines.next();
    if (line.length === 0) continue;
    const header = parse(line);
    const length = header["length"];
    const payload = typeof length === "number" ? lines.take(length) : lines.next();
    items.push({
      type: String(header["type"]),
      project,
      publicKey,
      envelope,
      header,
      payload: parseIfJson(payload),
    });
  }
  return items;
}

/** The public key of a request: in the query (`sentry_key`) or in `X-Sentry-Auth`. */
export function publicKeyOf(query: URLSearchParams, header: string): string {
  return query.get("sentry_key") ?? /sentry_key=([^,\s]+)/.exec(header)?.[1] ?? "";
}

function parse(line: Buffer): Record<string, unknown> {
  return JSON.parse(line.toString("utf8")) as Record<string, unknown>;
}

function parseIfJson(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString("utf8"));
  } catch {
    return payload.toString("utf8");
  }
}

class Lines {
  readonly #body: Buffer;
  #at = 0;

  constructor(body: Buffer) {
    this.#body = body;
  }

  get done(): boolean {
    return this.#at >= this.#body.length;
  }

  next(): Buffer {
    const newline = this.#body.indexOf(NEWLINE, this.#at);
    const end = newline === -1 ? this.#body.length : newline;
    const line = this.#body.subarray(this.#at, end);
    this.#at = end + 1;
    return line;
  }

  /** A payload of known length, and the line break after it. */
  take(length: number): Buffer {
    const payload = this.#body.subarray(this.#at, this.#at + length);
    this.#at += length + 1;
    return payload;
  }
}
