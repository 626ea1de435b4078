/** Replaces the generated parts of a name. */
const PLACEHOLDER = "*";

/** The conventions' word for a destination that the broker named. */
export const ANONYMOUS = "(anonymous)";

const MAX_CACHED = 1000;

/** Longer names are truncated: no queue, topic, table or host has one. */
const MAX_LENGTH = 255;

/** Caches the results of `replace` by name, since the same destinations, hosts and tables recur. */
export function cacheByName(replace: (name: string) => string): (name: string) => string {
  const cache = new Map<string, string>();
  return (name) => {
    const cached = cache.get(name);
    if (cached !== undefined) return cached;
    const result = replace(name.slice(0, MAX_LENGTH));
    if (cache.size < MAX_CACHED && name.length <= MAX_LENGTH) cache.set(name, result);
    return result;
  };
}

/**
 * Replaces the generated parts of a name, so that it can be a label of a metric or
 * a part of a span name: UUIDs, long numbers, hexadecimal and random texts. Names
 * that people chose stay unchanged:
 * `reply-3f2b8c1e-9d4a-4e7b-8a6f-0c5d1e2f3a4b` -> `reply-*`, `orders-v2` ->
 * `orders-v2`. A name chosen by RabbitMQ is `(anonymous)`:
 * https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/#span-name
 */
export const lowCardinality: (name: string) => string = cacheByName(replaceGenerated);

/** Reply queues and other queues named by the server. */
const SERVER_NAMED = /amq\.(?:gen-|rabbitmq\.reply-to)[^:]*/g;
const UUID = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/gi;
const SEPARATORS = /([^\p{L}\p{N}*]+)/u;

function replaceGenerated(name: string): string {
  const parts = name.replace(SERVER_NAMED, ANONYMOUS).replace(UUID, PLACEHOLDER).split(SEPARATORS);
  let isAfterGenerated = false;
  for (let at = 0; at < parts.length; at += 2) {
    const part = parts[at] ?? "";
    isAfterGenerated =
      part.includes(PLACEHOLDER) ||
      isGenerated(part) ||
      (isAfterGenerated && isContinued(part, parts[at - 1] ?? ""));
    if (isAfterGenerated) parts[at] = PLACEHOLDER;
  }
  return parts.join("").replace(/\*(?:[-_]?\*)+/g, PLACEHOLDER);
}

/** Whether a part continues the random text before it, which may contain `-` and `_`. */
function isContinued(part: string, separator: string): boolean {
  return /^[-_]$/.test(separator) && (/\d/.test(part) || /\p{Ll}\p{Lu}/u.test(part));
}

function isGenerated(part: string): boolean {
  return (
    /\d{6}/.test(part) ||
    /^[\da-f]{16,}$/i.test(part) ||
    (part.length >= 12 && /^[\da-f]+$/i.test(part) && /\d/.test(part)) ||
    hasManyNumbers(part) ||
    changesOften(part)
  );
}

/** Whether there are three numbers between letters, as in no word. */
function hasManyNumbers(part: string): boolean {
  return part.length >= 8 && (part.match(/\d+/g)?.length ?? 0) >= 3;
}

/** Whether nearly every character changes between capitals, small letters and digits. */
function changesOften(part: string): boolean {
  if (part.length < 8) return false;
  const runs = part.match(/[A-Z]+|[a-z]+|\d+/g)?.length ?? 0;
  return runs * 1.8 > part.length;
}
