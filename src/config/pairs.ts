import type { Complain } from "./kinds.ts";
import { MASK, quoted } from "./mask.ts";

export type Pairs = Readonly<Record<string, string>>;

/**
 * `key1=value1,key2=value2` with percent-encoding, as `OTEL_RESOURCE_ATTRIBUTES`
 * and `OTEL_EXPORTER_OTLP_HEADERS` are written. The first `=` divides, so that
 * the padding of a base64 value needs no escape.
 *
 * Attributes: any error spoils the whole value.
 * https://opentelemetry.io/docs/specs/otel/resource/sdk/#specifying-resource-information-via-an-environment-variable
 *
 * Headers: the wrong entry is left out, and never shown: it may be the secret.
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables
 */
export function pairsIn(
  text: string,
  role: "attributes" | "headers",
  complain: Complain,
): Pairs | undefined {
  const pairs: [string, string][] = [];
  let wrong = 0;
  for (const [index, entry] of text.split(",").entries()) {
    if (entry.trim() === "") continue;
    const pair = role === "attributes" ? attributeIn(entry) : headerIn(entry);
    if (pair !== undefined) {
      pairs.push(pair);
    } else if (role === "attributes") {
      complain({
        received: quoted(entry.trim()),
        expected: ATTRIBUTE,
        used: "none of its attributes",
      });
      return undefined;
    } else {
      wrong++;
      complain({ received: `entry ${index + 1} (${MASK})`, expected: HEADER, used: "the others" });
    }
  }
  if (wrong > 0 && pairs.length === 0) return undefined;
  return Object.fromEntries(pairs);
}

const ATTRIBUTE = "key=value, percent-encoded";
const HEADER = "name=value of an HTTP header, percent-encoded";

function attributeIn(entry: string): [string, string] | undefined {
  const pair = divided(entry);
  if (pair === undefined) return undefined;
  const [key, value] = [decoded(pair[0]), decoded(pair[1])];
  return key === undefined || value === undefined ? undefined : [key, value];
}

/** Lower case, so that a header of one signal replaces the general one however both are written. */
function headerIn(entry: string): [string, string] | undefined {
  const pair = divided(entry);
  if (pair === undefined) return undefined;
  const [name, value] = [decoded(pair[0]), decoded(pair[1])];
  if (name === undefined || value === undefined) return undefined;
  return token.test(name) && fieldValue.test(value) ? [name.toLowerCase(), value] : undefined;
}

/** https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2 */
const token = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;

/** What `node:http` lets through; anything else makes every export throw. */
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

function divided(entry: string): [string, string] | undefined {
  const middle = entry.indexOf("=");
  const key = entry.slice(0, middle).trim();
  return middle < 0 || key === "" ? undefined : [key, entry.slice(middle + 1).trim()];
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
