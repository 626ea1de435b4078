import { machine } from "./measures.ts";
import type { RedactionConfig } from "../src/config/config.ts";
import { createRedaction } from "../src/redaction/create-redaction.ts";
import type { Redaction } from "../src/redaction/redaction.ts";

/*
 * Measures with `node bench/redaction.ts` the CPU time of the policy of secrets for values
 * of 100 kB and of 1 MB, of various shapes: linear time is ten times as long for ten times
 * the value. Then the attributes of a usual span, and lines without and with secrets.
 */
const base: RedactionConfig = {
  ...{ fields: [], exceptions: [], patterns: [], exceptionPatterns: [] },
  ...{ emailAddresses: false, ipAddresses: false },
};
const extended: RedactionConfig = {
  ...base,
  fields: ["nationalId", "*tax*", "user.*", "items[*].code"],
  exceptions: ["session_id", "order.pin"],
  patterns: [String.raw`EMP-\d{6}`, String.raw`\b\d{3}-\d{2}-\d{4}\b`, "(?:a+)+$"].map(
    (source) => ({ source, flags: "i" }),
  ),
  emailAddresses: true,
  ipAddresses: true,
};
const policies = { "built-in": create(base), extended: create(extended) };

/** Texts that are repeated up to the length. */
const texts: Readonly<Record<string, string>> = {
  words: "request of user bob in 12 ms, order 4711 shipped to Berlin. ",
  "one run of letters": "a",
  "one run of digits": "4",
  "one run of dashes": "-",
  spaces: " ",
  "near-secrets": 'password: null token= Bearer a "pin":"" 4111 1111 1111 1112 eyJ-. DE89 ',
  secrets: 'password=hunter2 Bearer abcd1234 "pin":"1234" 4111 1111 1111 1111 ',
  "one query": "token=abc1&page=2&next=https%3A%2F%2Fa%2F%3Fb%3D1&",
  URLs: "https://bob:pw@host/reset/abc123?token=abc1#x ",
  "one URL": "http://a/",
  "percent-encoded": "%7B%22password%22%3A%22abc1%22%7D",
  "private keys": "-----BEGIN PRIVATE KEY-----\nMIIE\n",
  addresses: "bob@example.com 10.0.0.7 ",
};

/** Values with about as many characters in JSON as the length. */
const values: Readonly<Record<string, (length: number) => unknown>> = {
  "fields with names of their own": (length) => fieldsOf(length, (at) => [`name${at}`, at]),
  "fields with secret names": (length) => fieldsOf(length, (at) => [`token${at}`, "abc1"]),
  "long names of fields": (length) => ({ ["key_".repeat(length / 4)]: "abc1" }),
  "a list of numbers": (length) => Array.from({ length: length / 10 }, (_, at) => at * 1e8),
  "a list of records": (length) =>
    Array.from({ length: length / 20 }, (_, at) => ({ id: at, pin: "1234" })),
  levels: (length) => nested(length / 5),
};

const rows = [
  ...Object.entries(texts).map(
    ([shape, piece]) => [shape, (length: number) => repeated(piece, length)] as const,
  ),
  ...Object.entries(values),
];

process.stdout.write(`${machine()}\n`);
for (const [name, policy] of Object.entries(policies)) {
  const table: Record<string, object> = {};
  for (const [shape, create] of rows) table[shape] = measureShape(policy, create);
  process.stdout.write(`${name} policy: milliseconds of CPU\n`);
  console.table(table);
}
const span = {
  ...{ "http.request.method": "GET", "http.route": "/orders/:id", "url.path": "/orders/4711" },
  ...{ "http.response.status_code": 200, "user.id": "u1", "order.items": 3 },
};
const line = { ...span, note: "an order of two items was shipped to the address of the customer" };
const secret = { ...line, password: "hunter2", note: "login with Bearer abcd1234efgh failed" };
const small: Record<string, object> = {};
for (const [name, policy] of Object.entries(policies))
  small[name] = {
    span: measureRecord(policy, span),
    line: measureRecord(policy, line),
    "line with secrets": measureRecord(policy, secret),
  };
process.stdout.write("records: microseconds of CPU\n");
console.table(small);

function create(config: RedactionConfig): Redaction {
  return createRedaction(config, (_key, message) => {
    throw new Error(message);
  });
}

function measureShape(policy: Redaction, create: (length: number) => unknown): object {
  const [small, large] = [create(100_000), create(1_000_000)];
  const ms = median(policy, large, 5);
  const smallMs = median(policy, small, 15);
  return { "100 kB": round(smallMs), "1 MB": round(ms), ratio: round(ms / smallMs) };
}

function median(policy: Redaction, value: unknown, rounds: number): number {
  policy.field("value", value);
  const times = Array.from({ length: rounds }, () => {
    const before = process.cpuUsage();
    policy.field("value", value);
    return cpuMsSince(before);
  });
  return times.toSorted((one, other) => one - other)[rounds >> 1] ?? NaN;
}

function measureRecord(policy: Redaction, record: object): number {
  const calls = 50_000;
  let best = Infinity;
  for (let round = 0; round < 7; round++) {
    const before = process.cpuUsage();
    for (let call = 0; call < calls; call++) policy.attributes(record);
    best = Math.min(best, cpuMsSince(before) / calls);
  }
  return round(best * 1000);
}

function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function repeated(piece: string, length: number): string {
  // The last character prevents a match of the end.
  return `${piece.repeat(length / piece.length)}!`;
}

function fieldsOf(length: number, entry: (at: number) => readonly [string, unknown]): object {
  return Object.fromEntries(Array.from({ length: length / 10 }, (_, at) => entry(at)));
}

function nested(levels: number): unknown {
  let value: unknown = "deep";
  for (let level = 0; level < levels; level++) value = { a: value };
  return value;
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
