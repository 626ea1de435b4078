import {
  count,
  either,
  type JsonSchema,
  listOf,
  number,
  object,
  oneOf,
  text,
} from "./json-schema.ts";
import {
  dateTime,
  environment,
  eventSchema,
  feedbackSchema,
  release,
  sdk,
  timestamp,
  uuid,
} from "./event-schema.ts";

/** The documented form of a type of item. */
export interface ItemSchema {
  /** The headers of an envelope with such an item. */
  readonly envelope: JsonSchema;
  /** The headers of the item. */
  readonly header: JsonSchema;
  /** Undefined: any bytes. */
  readonly payload: JsonSchema | undefined;
  /** Size limit of the payload, in bytes. */
  readonly maxBytes: number;
  /** Types that the same envelope may have as well. */
  readonly together?: readonly string[];
}

/** https://develop.sentry.dev/sdk/data-model/envelopes/#envelope-headers */
const envelopeHeaders = {
  sent_at: dateTime,
  "dsn?": text(),
  "sdk?": sdk,
};
const eventEnvelope = object({ ...envelopeHeaders, event_id: uuid });
const otherEnvelope = object(envelopeHeaders);

/** https://develop.sentry.dev/sdk/telemetry/sessions/#session-aggregates-payload */
const sessions = object({
  aggregates: listOf(
    object({
      started: text(24, "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:00(\\.000)?Z$"),
      "exited?": count,
      "errored?": count,
      "crashed?": count,
      "abnormal?": count,
      "unhandled?": count,
    }),
    { minItems: 1, maxItems: 100 },
  ),
  attrs: object({ release, "environment?": environment }),
});

/** https://develop.sentry.dev/sdk/telemetry/client-reports/ */
const clientReport = object({
  "timestamp?": timestamp,
  discarded_events: listOf(
    object({
      reason: oneOf(
        ...["queue_overflow", "cache_overflow", "buffer_overflow", "ratelimit_backoff"],
        ...["network_error", "sample_rate", "before_send", "event_processor", "send_error"],
        ...["callback_error", "internal_sdk_error", "insufficient_data", "backpressure"],
      ),
      // https://develop.sentry.dev/sdk/expected-features/rate-limiting/#definitions
      category: oneOf("error", "session", "monitor", "feedback", "attachment", "default"),
      quantity: { type: "integer", minimum: 1 },
    }),
  ),
});

/** https://develop.sentry.dev/sdk/telemetry/check-ins/ */
const checkIn = object({
  check_in_id: uuid,
  monitor_slug: text(50, "^[a-zA-Z0-9_-]+$"),
  status: oneOf("in_progress", "ok", "error"),
  "duration?": { ...number, minimum: 0 },
  "release?": release,
  "environment?": environment,
  "monitor_config?": object({
    schedule: either(
      object({ type: oneOf("crontab"), value: text(undefined, "^(\\S+ ){4}\\S+$") }),
      object({
        type: oneOf("interval"),
        value: { type: "integer", minimum: 1 },
        unit: oneOf("year", "month", "week", "day", "hour", "minute"),
      }),
    ),
    "checkin_margin?": count,
    "max_runtime?": count,
    "timezone?": text(),
    "failure_issue_threshold?": count,
    "recovery_threshold?": count,
  }),
  "contexts?": object({
    trace: object({
      trace_id: uuid,
      "span_id?": text(16, "^[0-9a-f]{16}$"),
      "parent_span_id?": text(16, "^[0-9a-f]{16}$"),
    }),
  }),
});

const MIB = 1024 * 1024;

/**
 * All types of items that telltale sends.
 * https://develop.sentry.dev/sdk/data-model/envelope-items/
 */
export const itemSchemas: Readonly<Record<string, ItemSchema>> = {
  event: {
    envelope: eventEnvelope,
    header: object({ type: oneOf("event"), "length?": count }),
    payload: eventSchema,
    maxBytes: MIB,
    together: ["attachment"],
  },
  feedback: {
    envelope: eventEnvelope,
    header: object({ type: oneOf("feedback"), "length?": count }),
    payload: feedbackSchema,
    maxBytes: MIB,
    together: ["attachment"],
  },
  attachment: {
    envelope: eventEnvelope,
    header: object({
      type: oneOf("attachment"),
      // Its payload may have line breaks.
      length: count,
      filename: text(undefined, "^[^/\\\\]+$"),
      "content_type?": text(),
      "attachment_type?": text(),
    }),
    payload: undefined,
    maxBytes: 100 * MIB,
    together: ["event", "feedback", "attachment"],
  },
  check_in: {
    envelope: otherEnvelope,
    header: object({ type: oneOf("check_in"), "length?": count }),
    payload: checkIn,
    maxBytes: 100_000,
  },
  sessions: {
    envelope: otherEnvelope,
    header: object({ type: oneOf("sessions"), "length?": count }),
    payload: sessions,
    maxBytes: MIB,
  },
  client_report: {
    envelope: otherEnvelope,
    header: object({ type: oneOf("client_report"), "length?": count }),
    payload: clientReport,
    maxBytes: MIB,
  },
};
