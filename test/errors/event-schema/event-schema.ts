import {
  anything,
  boolean,
  count,
  either,
  type JsonSchema,
  listOf,
  mapOf,
  object,
  oneOf,
  record,
  text,
} from "./json-schema.ts";

/*
 * The payload of an event, as Sentry documents it, for what a Node process sends. It is
 * stricter than Relay, which drops or truncates what does not fit, and reports that on
 * the event: what Relay would change or complain about is no valid event here.
 * https://develop.sentry.dev/sdk/data-model/event-payloads/
 * https://github.com/getsentry/sentry-data-schemas
 */

/** A UUID without dashes, in lower case. */
export const uuid: JsonSchema = text(32, "^[0-9a-f]{32}$");
const traceId: JsonSchema = text(32, "^(?!0{32})[0-9a-f]{32}$");
const spanId: JsonSchema = text(16, "^(?!0{16})[0-9a-f]{16}$");

/** RFC 3339, in UTC. */
export const dateTime: JsonSchema = text(
  undefined,
  "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$",
);
/** Seconds since 1970, between 2001 and 2286: neither milliseconds nor a monotonic clock. */
const seconds: JsonSchema = { type: "number", minimum: 1e9, maximum: 1e10 };
export const timestamp: JsonSchema = either(seconds, dateTime);

/** Neither empty nor of white space, as Relay drops both. */
const nonEmpty = (maxLength: number): JsonSchema => text(maxLength, "\\S");
const level = oneOf("fatal", "error", "warning", "info", "debug");

/** A name that is part of addresses. https://docs.sentry.io/concepts/key-terms/environments/ */
export const environment: JsonSchema = text(64, "^[^\\s/]+$");
/** https://docs.sentry.io/product/releases/naming-releases/ */
export const release: JsonSchema = text(
  200,
  "^(?!\\.{1,2}$)[^\\n\\r\\t/\\\\]*\\S[^\\n\\r\\t/\\\\]*$",
);

/** https://docs.sentry.io/platforms/javascript/enriching-events/tags/ */
const tags = mapOf(text(200, "^[^\\n]*$"), text(200, "^[A-Za-z0-9_.:-]+$"));

/** Longer messages are truncated by Sentry. */
const message = text(8192);

export const sdk: JsonSchema = object({
  name: text(256, "^[a-z]+\\.[a-z]+(\\.[a-z-]+)?$"),
  version: text(256, "^\\d+\\.\\d+\\.\\d+"),
  "integrations?": listOf(text()),
  "features?": listOf(text()),
  "packages?": listOf(object({ name: text(undefined, "^[a-z]+:."), version: text() })),
  // Newer than the published schema: whether Sentry stores the address of the sender.
  "settings?": object({ "infer_ip?": oneOf("auto", "never", "legacy") }),
});

const mechanism = object({
  type: nonEmpty(128),
  "description?": text(),
  "help_link?": text(),
  "handled?": boolean,
  "synthetic?": boolean,
  "exception_id?": count,
  "parent_id?": count,
  "is_exception_group?": boolean,
  "source?": text(),
  "data?": record,
  "meta?": record,
});

const frame = {
  ...object({
    "filename?": text(),
    "function?": text(),
    "raw_function?": text(),
    "module?": text(),
    "abs_path?": text(),
    "platform?": text(),
    "lineno?": count,
    "colno?": count,
    "in_app?": boolean,
    "context_line?": text(),
    "pre_context?": listOf(text()),
    "post_context?": listOf(text()),
    "vars?": record,
    "stack_start?": boolean,
  }),
  anyOf: [{ required: ["filename"] }, { required: ["function"] }],
};
/** Sentry shows 50 frames, and removes others from the middle. */
const stacktrace = object({ frames: listOf(frame, { minItems: 1, maxItems: 50 }) });

const exception = {
  ...object({
    "type?": text(256),
    "value?": message,
    "module?": text(256),
    "thread_id?": either(count, text()),
    "mechanism?": mechanism,
    "stacktrace?": stacktrace,
  }),
  anyOf: [{ required: ["type"] }, { required: ["value"] }],
};

const breadcrumb = object({
  "timestamp?": timestamp,
  "type?": nonEmpty(128),
  "category?": nonEmpty(128),
  "level?": level,
  "message?": message,
  "data?": record,
  "event_id?": uuid,
  "origin?": text(),
});

const pairs = listOf(listOf(text(), { minItems: 2, maxItems: 2 }));
const request = object({
  "method?": nonEmpty(64),
  "url?": text(),
  "query_string?": either(text(), mapOf(text()), pairs),
  "fragment?": text(),
  "data?": anything,
  "cookies?": either(text(), mapOf(text()), pairs),
  "headers?": either(mapOf(text()), pairs),
  "env?": record,
});

const user = object(
  {
    "id?": nonEmpty(128),
    "email?": text(75),
    "username?": text(128),
    "name?": text(128),
    // An address, or for Sentry to infer it.
    "ip_address?": text(64, "^([0-9a-fA-F.:]+|\\{\\{auto\\}\\})$"),
    "segment?": text(),
    "geo?": object({
      "city?": text(),
      "country_code?": text(),
      "region?": text(),
      "subdivision?": text(),
    }),
    "data?": record,
  },
  // Stored as additional data.
  anything,
);

/** https://develop.sentry.dev/sdk/data-model/event-payloads/contexts/ */
const contexts = object(
  {
    "trace?": object({
      trace_id: traceId,
      span_id: spanId,
      "parent_span_id?": spanId,
      "op?": text(),
      "origin?": text(),
      "status?": text(),
      "data?": record,
    }),
    "app?": object({
      "type?": oneOf("app"),
      "app_start_time?": dateTime,
      "app_name?": text(),
      "app_version?": text(),
      "app_memory?": count,
      // Not in the table of the page, but sent by Sentry's SDK for Node.
      "free_memory?": count,
    }),
    "device?": object({
      "type?": oneOf("device"),
      "name?": text(),
      "arch?": text(),
      "boot_time?": dateTime,
      "memory_size?": count,
      "free_memory?": count,
      "processor_count?": count,
      "processor_frequency?": count,
      "cpu_description?": text(),
    }),
    "os?": object({
      "type?": oneOf("os"),
      name: nonEmpty(200),
      "version?": text(),
      "build?": text(),
      "kernel_version?": text(),
    }),
    "runtime?": object({ "type?": oneOf("runtime"), name: nonEmpty(200), "version?": text() }),
    "feedback?": object({
      message: text(4096, "\\S"),
      "name?": text(),
      "contact_email?": text(),
      "url?": text(),
      "source?": text(),
      "associated_event_id?": uuid,
      "replay_id?": uuid,
    }),
  },
  // Those of the app, and of telltale.
  record,
);

const attributes = {
  event_id: uuid,
  timestamp: seconds,
  platform: oneOf("node"),
  environment,
  sdk,
  level,
  "contexts?": contexts,
  "release?": release,
  "dist?": text(64, "^[A-Za-z0-9_.-]+$"),
  "server_name?": nonEmpty(256),
  "transaction?": nonEmpty(200),
  "transaction_info?": object({
    source: oneOf("custom", "url", "route", "view", "component", "sanitized", "task", "unknown"),
  }),
  "logger?": text(64, "^[^\\r\\n]+$"),
  "tags?": tags,
  "extra?": record,
  "fingerprint?": listOf(text(), { minItems: 1 }),
  "modules?": mapOf(text()),
  "user?": user,
  "request?": request,
  // Documented as an alternative to an object with `values`.
  "breadcrumbs?": listOf(breadcrumb, { maxItems: 100 }),
  "threads?": object({
    values: listOf(
      object({
        "id?": either(count, text()),
        "name?": text(),
        "crashed?": boolean,
        "current?": boolean,
        "main?": boolean,
        "stacktrace?": stacktrace,
      }),
      { minItems: 1 },
    ),
  }),
};

/** An error or a message. */
export const eventSchema: JsonSchema = {
  ...object({
    ...attributes,
    "exception?": object({ values: listOf(exception, { minItems: 1 }) }),
    // Relay's alias of the formatted message of `logentry`.
    "message?": message,
    "logentry?": object({ "formatted?": message, "message?": message, "params?": anything }),
  }),
  anyOf: [{ required: ["exception"] }, { required: ["message"] }, { required: ["logentry"] }],
};

/** An event that is user feedback. */
export const feedbackSchema: JsonSchema = {
  ...object({ ...attributes, type: oneOf("feedback") }),
  required: ["event_id", "timestamp", "platform", "contexts"],
};
