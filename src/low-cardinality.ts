/** What a generated part of a name is replaced by. */
const PLACEHOLDER = "*";

/** The conventions' word for a destination whose name the broker made. */
export const ANONYMOUS = "(anonymous)";

/** Names by their result: destinations, hosts and tables come again and again. */
const cache = new Map<string, string>();
const MAX_CACHED = 1000;

/** Longer names are cut: no queue, topic, table or host has one. */
const MAX_LENGTH = 255;

/**
 * A name with its generated parts taken out, so that it can be a label of a
 * metric or a part of a span's name: UUIDs, long numbers, hexadecimal and random
 * texts. What a person has chosen stays as it is:
 * `reply-3f2b8c1e-9d4a-4e7b-8a6f-0c5d1e2f3a4b` -> `reply-*`, `orders-v2` ->
 * `orders-v2`. A name that RabbitMQ made is `(anonymous)`:
 * https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/#span-name
 */
export function lowCardinality(name: string): string {
  const cached = cache.get(name);
  if (cached !== undefined) return cached;
  const result = replaceGenerated(name.slice(0, MAX_LENGTH));
  if (cache.size < MAX_CACHED && name.length <= MAX_LENGTH) cache.set(name, result);
  return result;
}

/** Reply queues and others that the server named. */
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

/** Random texts have `-` and `_` in them too: what follows one of these is the next piece. */
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

/** Three numbers between letters: no word is spelt so. */
function hasManyNumbers(part: string): boolean {
  return part.length >= 8 && (part.match(/\d+/g)?.length ?? 0) >= 3;
}

/** From capitals to small letters to digits with nearly every character. */
function changesOften(part: string): boolean {
  if (part.length < 8) return false;
  const runs = part.match(/[A-Z]+|[a-z]+|\d+/g)?.length ?? 0;
  return runs * 1.8 > part.length;
}
