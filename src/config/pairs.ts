import type { Complain } from "./problem.ts";
import { MASK, shownText } from "./mask.ts";

export type Pairs = Readonly<Record<string, string>>;

type Pair = readonly [name: string, value: string];

/**
 * `key1=value1,key2=value2` with percent-encoding, as `OTEL_RESOURCE_ATTRIBUTES`
 * is written. The first `=` divides. Any error spoils the whole value.
 * https://opentelemetry.io/docs/specs/otel/resource/sdk/#specifying-resource-information-via-an-environment-variable
 */
export function attributesIn(text: string, complain: Complain): Pairs | undefined {
  const pairs: Pair[] = [];
  for (const entry of text.split(",").filter(isFilled)) {
    const pair = decodedPair(entry);
    if (pair === undefined) {
      complain({ received: shownText(entry.trim()), expected: ATTRIBUTE, used: NO_ATTRIBUTE });
      return undefined;
    }
    pairs.push(pair);
  }
  return Object.fromEntries(pairs);
}

/**
 * The same for HTTP headers. The padding of a base64 value needs no escape. A
 * wrong entry is left out, and never shown: it may be the secret.
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables
 */
export function headersIn(text: string, complain: Complain): Pairs | undefined {
  const entries = text.split(",").map((entry) => ({ entry, pair: headerIn(entry) }));
  const pairs = entries.flatMap(({ pair }) => (pair === undefined ? [] : [pair]));
  const used = pairs.length > 0 ? "the others" : "none";
  for (const [index, { entry, pair }] of entries.entries()) {
    if (pair !== undefined || !isFilled(entry)) continue;
    complain({ received: `entry ${index + 1} (${MASK})`, expected: HEADER, used });
  }
  return pairs.length > 0 ? Object.fromEntries(pairs) : undefined;
}

function isFilled(entry: string): boolean {
  return entry.trim() !== "";
}

const ATTRIBUTE = "key=value, percent-encoded";
const NO_ATTRIBUTE = "none of its attributes";
const HEADER = "name=value of an HTTP header, percent-encoded";

/** Lower case, so that a header of one signal replaces the general one however both are written. */
function headerIn(entry: string): Pair | undefined {
  const pair = decodedPair(entry);
  if (pair === undefined) return undefined;
  const [name, value] = pair;
  return token.test(name) && fieldValue.test(value) ? [name.toLowerCase(), value] : undefined;
}

/** https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2 */
const token = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;

/** What `node:http` lets through; anything else makes every export throw. */
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

function decodedPair(entry: string): Pair | undefined {
  const middle = entry.indexOf("=");
  const name = entry.slice(0, middle).trim();
  if (middle < 0 || name === "") return undefined;
  try {
    return [decodeURIComponent(name), decodeURIComponent(entry.slice(middle + 1).trim())];
  } catch {
    return undefined;
  }
}
