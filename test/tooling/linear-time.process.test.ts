import assert from "node:assert/strict";
import { maskAddress, quote, formatMasked } from "../../src/config/mask.ts";
import { lowCardinality } from "../../src/low-cardinality.ts";
import { patternText } from "../../src/context/route-pattern.ts";
import {
  excerpt,
  escapeControlCharacters,
} from "../../src/diagnostics/escape-control-characters.ts";
import { isRequestIdHeader, requestIdFrom } from "../../src/http/server/request-id.ts";
import { isSecretKey, redactPath, redactQuery } from "../../src/secrets.ts";
import { parseAuthority, targetOf } from "../../src/http/url.ts";
import { retryAfterMs } from "../../src/export/connection/retry.ts";
import {
  sanitizeException,
  sanitizeErrorMessage,
} from "../../src/instrumentation/database-client/error-message.ts";
import { redisOperation } from "../../src/instrumentation/databases/redis/commands.ts";
import { describeSql } from "../../src/instrumentation/database-client/sql.ts";
import { destinationTemplate } from "../../src/instrumentation/messaging/destination-template.ts";
import { parseAuthorization } from "../../src/replies/credentials.ts";
import { acceptedEncodings } from "../../src/replies/content-encoding.ts";
import { escapeName, escapings } from "../../src/metrics/prometheus/escaping.ts";
import { familyName, labelName } from "../../src/metrics/prometheus/names.ts";
import { negotiate } from "../../src/metrics/prometheus/negotiation.ts";
import { publicKeyOf } from "../../src/testing/envelope.ts";
import { idInCgroup, idInMounts } from "../../src/resource/container.ts";
import { terminalText } from "../../src/cli/demo/trace-drawing.ts";
import { trimEndOf } from "../../src/text.ts";
import { readBaggage } from "../../src/traces/propagation/baggage.ts";
import { createRedaction } from "../../src/redaction/create-redaction.ts";
import { findAddresses } from "../../src/redaction/addresses.ts";
import { redactText } from "../../src/redaction/secret-text.ts";
import { readSentryTrace } from "../../src/traces/propagation/sentry.ts";
import { readParent } from "../../src/traces/propagation/trace-context.ts";
import { readTraceState } from "../../src/traces/propagation/trace-state.ts";
import { defaultRedaction } from "../redaction/default-redactor.ts";

/** Patterns that take exponential time in JavaScript's own engine, and names with asterisks. */
const userPolicy = createRedaction(
  {
    ...defaultRedaction,
    fields: ["*a*a*a*b", "*.*a.*b"],
    patterns: ["(?:a+)+$", "(?:a|a)*b", "x*"].map((source) => ({ source, flags: "i" })),
    emailAddresses: true,
    ipAddresses: true,
  },
  assert.fail,
);

/** All functions that parse external text: of requests, servers, brokers, files. */
const readers: Readonly<Record<string, (text: string) => unknown>> = {
  "an error of a database": (text) => sanitizeErrorMessage(text),
  "an error's stack": (text) => sanitizeException({ name: "E", message: "x", stack: text }, ""),
  "an error's message in its stack": (text) =>
    sanitizeException({ name: "E", message: text, stack: `E: ${text}\n    at f (a.js:1:1)` }, ""),
  "a statement": (text) => describeSql(text),
  "a statement of MySQL": (text) => describeSql(text, "mysql"),
  "a statement of SQLite": (text) => describeSql(text, "sqlite"),
  "a command of Redis": (text) => redisOperation(text),
  "a subject": (text) => destinationTemplate(text),
  "a generated name": (text) => lowCardinality(text),
  "a query's key": (text) => isSecretKey(text),
  "a path with secrets": (text) => redactPath(`/${text}`),
  "a query string": (text) => redactQuery(text),
  "a text with secrets": (text) => redactText(text),
  "a text with addresses": (text) =>
    findAddresses(text, { ...defaultRedaction, emailAddresses: true, ipAddresses: true }),
  "a text with secrets by a policy of the user": (text) => userPolicy.text(text),
  "fields by a policy of the user": (text) => userPolicy.field(text, { [text]: text }),
  "the target of a request": (text) => targetOf("http://localhost", `/${text}`),
  "a host and its port": (text) => parseAuthority(text),
  "a request's id": (text) => requestIdFrom(text),
  "what may be one": (text) => isRequestIdHeader(text),
  "a route's pattern": (text) => patternText(text),
  traceparent: (text) => readParent(text, text),
  tracestate: (text) => readTraceState(text),
  baggage: (text) => readBaggage(text),
  "sentry-trace": (text) => readSentryTrace(text, text),
  "a metric's name and unit": (text) => familyName(text, text, "counter"),
  "a label": (text) => labelName(text),
  "a name in UTF-8": (text) => escapings.map((escaping) => escapeName(text, escaping)),
  Accept: (text) => negotiate(`text/plain;${text},${text}`),
  "Accept-Encoding": (text) => acceptedEncodings(text),
  Authorization: (text) => parseAuthorization(text),
  "a line of our own": (text) => escapeControlCharacters(text),
  "an excerpt for one": (text) => excerpt(text),
  "a variable's value": (text) => [formatMasked(text), quote(text), maskAddress(text)],
  "Retry-After": (text) => retryAfterMs(text, 0),
  "a container's files": (text) => [idInCgroup(text), idInMounts(text)],
  "a key of Sentry": (text) => publicKeyOf(new URLSearchParams(), text),
  "what the demo prints": (text) => terminalText(text),
  "slashes at an end": (text) => trimEndOf(text, "/"),
};

const pieces: readonly string[] = [
  ...[`: "`, `'`, `''`, "`", "(", ")", "{", "{}", "[", "«", " ", "\n", "\r\n", "\t", "\\", `\\"`],
  ...["/", "/*", "--", "#", "$$", "$a$", "0", "9.", "-1 ", "a", "A_", "_", ".", ",", ";", "=", "%"],
  ...[
    "near ",
    "User ",
    "    at f (a.js:1:1)\n",
    "\n    at",
    "a=b&",
    "token=",
    "accesskey-",
    "password[",
    "/reset/",
    "/hooks/",
    "x;y,",
    "0x",
    "e'",
  ],
  ...["value ", "no such column:", "script: ", "dead-beef-", "ö", "\u{1f600}", "\ud800"],
];

/** Returns the CPU time of this process in milliseconds. */
function cpuTime(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const MAX_RUNS = 5;

/** Returns the shortest time of several runs: the threads of the garbage collector count, too. */
function cpuTimeBelow(maximum: number, work: () => unknown): number {
  let shortest = Infinity;
  for (let run = 0; run < MAX_RUNS && shortest >= maximum; run++) {
    shortest = Math.min(shortest, cpuTime(work));
  }
  return shortest;
}

const LENGTH = 100_000;
/** Quadratic time would be sixteen times as long for four times the text. */
const MAX_RATIO = 8;
/** In milliseconds: less is noise. */
const NOISE_MS = 100;

describe("A hostile text of 100 kB takes linear time:", function () {
  for (const [what, read] of Object.entries(readers)) {
    it(what, () => {
      for (const piece of pieces) {
        // The last letter prevents a match of the end.
        const once = `${piece.repeat(LENGTH / piece.length)}!`;
        const fourTimes = `${piece.repeat((4 * LENGTH) / piece.length)}!`;
        const cpu = cpuTime(() => read(once));
        const maximum = MAX_RATIO * cpu + NOISE_MS;
        const cpuOfMore = cpuTimeBelow(maximum, () => read(fourTimes));
        assert.ok(
          cpuOfMore < maximum,
          `${JSON.stringify(piece)}: ${cpu} ms, and ${cpuOfMore} ms for four times the text`,
        );
      }
    });
  }
});
