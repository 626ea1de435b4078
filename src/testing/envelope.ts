import type { ReceivedItem } from "./received.ts";

const NEWLINE = 10;

/**
 * Parses a Sentry envelope: a line of JSON, then for each item a header line and a
 * payload, whose length is in the header or which ends with its line. Format:
 * https://develop.sentry.dev/sdk/data-model/envelopes/
 *
 * @throws if the envelope is malformed.
 */
export function parseEnvelope(body: Buffer, project: string, publicKey: string): ReceivedItem[] {
  const lines = new EnvelopeReader(body);
  const envelope = parse(lines.readLine());
  const items: ReceivedItem[] = [];
  while (!lines.done) {
    const line = lines.readLine();
    if (line.length === 0) continue;
    const header = parse(line);
    const length = header["length"];
    const payload = typeof length === "number" ? lines.readBytes(length) : lines.readLine();
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

/** Returns the public key of a request, from the query (`sentry_key`) or from `X-Sentry-Auth`. */
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

class EnvelopeReader {
  readonly #body: Buffer;
  #offset = 0;

  constructor(body: Buffer) {
    this.#body = body;
  }

  get done(): boolean {
    return this.#offset >= this.#body.length;
  }

  readLine(): Buffer {
    const newline = this.#body.indexOf(NEWLINE, this.#offset);
    const end = newline === -1 ? this.#body.length : newline;
    const line = this.#body.subarray(this.#offset, end);
    this.#offset = end + 1;
    return line;
  }

  /** Reads a payload of known length, and skips the line break after it. */
  readBytes(length: number): Buffer {
    const payload = this.#body.subarray(this.#offset, this.#offset + length);
    this.#offset += length + 1;
    return payload;
  }
}
