import type { ISerializer } from "@opentelemetry/otlp-transformer";
import { excerpt } from "../../diagnostics/escape-control-characters.ts";

/** The partial success of any signal; a peer may send any type in its fields. */
interface PartialSuccess {
  readonly rejectedSpans?: unknown;
  readonly rejectedLogRecords?: unknown;
  readonly rejectedDataPoints?: unknown;
  readonly errorMessage?: unknown;
}

/** The rejected items of a response that counts as success. */
export interface Rejection {
  readonly rejected: number;
  /** For the log; undefined if nothing was rejected. */
  readonly warning: string | undefined;
}

/**
 * Parses the partial success of a response. An unreadable response still counts as
 * success.
 *
 * @param sent number of items of the request.
 */
export function parsePartialSuccess(
  response: Uint8Array,
  serializer: ISerializer<never, unknown>,
  sent: number,
): Rejection {
  const partial = readPartialSuccess(response, serializer);
  const reported =
    partial?.rejectedSpans ?? partial?.rejectedLogRecords ?? partial?.rejectedDataPoints ?? 0;
  const rejected = parseCount(reported, sent);
  const { errorMessage: text } = partial ?? {};
  const detail = typeof text === "string" && text !== "" ? `: "${excerpt(text)}"` : "";
  if (rejected === undefined) {
    const warning = `the number of rejected items is invalid and counts as 0${detail}`;
    return { rejected: 0, warning };
  }
  if (rejected === 0 && detail === "") return { rejected, warning: undefined };
  return { rejected, warning: `${rejected} ${rejected === 1 ? "was" : "were"} rejected${detail}` };
}

const OPENING_BRACE = 0x7b;

/** Parses a response. Some back ends respond to protobuf with JSON; no protobuf message starts like JSON. */
function readPartialSuccess(
  body: Uint8Array,
  serializer: ISerializer<never, unknown>,
): PartialSuccess | undefined {
  try {
    const response = (
      body[0] === OPENING_BRACE
        ? JSON.parse(Buffer.from(body).toString("utf8"))
        : serializer.deserializeResponse(body)
    ) as { partialSuccess?: PartialSuccess } | undefined;
    return response?.partialSuccess;
  } catch {
    return undefined;
  }
}

/**
 * Parses a count sent by a peer: an integer, which JSON writes as text. Anything else
 * (a word, a fraction, a negative number) would corrupt the counters for good.
 *
 * @param max upper bound of the result.
 * @returns undefined if it is not a count.
 */
function parseCount(reported: unknown, max: number): number | undefined {
  const isText = typeof reported === "string" && /^\d+$/.test(reported);
  const count = isText ? Number(reported) : reported;
  if (typeof count !== "number" || (!isText && !Number.isInteger(count)) || count < 0) {
    return undefined;
  }
  return Math.min(count, max);
}
