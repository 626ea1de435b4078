import { type Envelope, type EnvelopeItem, normalize, serializeEnvelope } from "@sentry/core";

/** The start of the escape of half a surrogate pair, which JSON does not leave as it is. */
const HALF_PAIR = "\\ud";

/**
 * Serialises an envelope. A half of a surrogate pair, which a truncated text may end
 * with, becomes U+FFFD: Relay rejects JSON with the escape of one.
 *
 * @throws if the envelope cannot be serialised.
 */
export function serializedEnvelope(envelope: Envelope): Uint8Array {
  const bytes = bytesOf(serializeEnvelope(envelope));
  if (!bytes.includes(HALF_PAIR)) return bytes;
  const [head, items] = envelope as [Envelope[0], readonly EnvelopeItem[]];
  const wellFormed = items.map(([itemHead, payload]) => [itemHead, wellFormedPayload(payload)]);
  return bytesOf(serializeEnvelope([head, wellFormed] as unknown as Envelope));
}

function bytesOf(serialized: string | Uint8Array): Buffer {
  return typeof serialized === "string"
    ? Buffer.from(serialized)
    : Buffer.from(serialized.buffer, serialized.byteOffset, serialized.byteLength);
}

/** Attachments, which are texts or bytes, stay as they are. */
function wellFormedPayload(payload: unknown): unknown {
  if (typeof payload === "string" || payload instanceof Uint8Array) return payload;
  return jsonOf(payload).replaceAll(ESCAPE, (escape, half?: string) =>
    half === undefined ? escape : "\\ufffd",
  );
}

/** An escape of JSON; with a group, if it is of half a surrogate pair. */
const ESCAPE = /\\(?:(ud[89a-f][\da-f]{2})|.)/g;

/** As Sentry's client serialises a payload. */
function jsonOf(payload: unknown): string {
  try {
    return JSON.stringify(payload);
  } catch {
    return JSON.stringify(normalize(payload));
  }
}
