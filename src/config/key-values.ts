import type { ReportIssue } from "./issue.ts";
import { MASK, formatMasked } from "./mask.ts";

export type KeyValues = Readonly<Record<string, string>>;

type KeyValue = readonly [name: string, value: string];

/**
 * Parses `key1=value1,key2=value2` with percent-encoding, the format of
 * `OTEL_RESOURCE_ATTRIBUTES`. The first `=` separates. Any error invalidates the whole
 * value.
 * https://opentelemetry.io/docs/specs/otel/resource/sdk/#specifying-resource-information-via-an-environment-variable
 */
export function parseAttributes(text: string, report: ReportIssue): KeyValues | undefined {
  const pairs: KeyValue[] = [];
  for (const entry of text.split(",").filter(isNotBlank)) {
    const pair = decodeKeyValue(entry);
    if (pair === undefined) {
      report({
        received: formatMasked(entry.trim()),
        expected: EXPECTED_ATTRIBUTE,
        used: USED_NO_ATTRIBUTES,
      });
      return undefined;
    }
    pairs.push(pair);
  }
  return Object.fromEntries(pairs);
}

/**
 * Parses HTTP headers in the same format. The padding of a base64 value needs no
 * escape. An invalid entry is ignored and never shown, because it may be a secret.
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables
 */
export function parseHeaders(text: string, report: ReportIssue): KeyValues | undefined {
  const entries = text.split(",").map((entry) => ({ entry, pair: parseHeader(entry) }));
  const pairs = entries.flatMap(({ pair }) => (pair === undefined ? [] : [pair]));
  const used = pairs.length > 0 ? "the other headers" : "none";
  for (const [index, { entry, pair }] of entries.entries()) {
    if (pair !== undefined || !isNotBlank(entry)) continue;
    report({ received: `entry ${index + 1} (${MASK})`, expected: EXPECTED_HEADER, used });
  }
  return pairs.length > 0 ? Object.fromEntries(pairs) : undefined;
}

function isNotBlank(entry: string): boolean {
  return entry.trim() !== "";
}

const EXPECTED_ATTRIBUTE = "key=value, percent-encoded";
const USED_NO_ATTRIBUTES = "no attributes";
const EXPECTED_HEADER = "name=value of an HTTP header, percent-encoded";

/** Lower-cases the name, so that a signal's header replaces the general one in any case. */
function parseHeader(entry: string): KeyValue | undefined {
  const pair = decodeKeyValue(entry);
  if (pair === undefined) return undefined;
  const [name, value] = pair;
  return TOKEN.test(name) && FIELD_VALUE.test(value) ? [name.toLowerCase(), value] : undefined;
}

/** https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2 */
const TOKEN = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;

/** The characters that `node:http` accepts. Any other makes every export throw. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

function decodeKeyValue(entry: string): KeyValue | undefined {
  const separator = entry.indexOf("=");
  const name = entry.slice(0, separator).trim();
  if (separator < 0 || name === "") return undefined;
  try {
    return [decodeURIComponent(name), decodeURIComponent(entry.slice(separator + 1).trim())];
  } catch {
    return undefined;
  }
}
