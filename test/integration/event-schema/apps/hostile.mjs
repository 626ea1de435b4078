import * as Sentry from "@sentry/core";
import {
  addBreadcrumb,
  captureException,
  captureFeedback,
  captureMessage,
  setContext,
} from "telltale";

/* Captures events with data that Sentry would drop, rewrite or reject. Prints the number. */
const HALF = "\ud83d";
const circle = { name: "circle" };
circle.self = circle;
const thrower = {
  get field() {
    throw new Error("getter");
  },
};
const deep = {};
for (let at = 0, inner = deep; at < 1_000; at++) inner = inner.next = {};

/** What is captured with an error, by the name of its case. */
const hints = {
  "10,000 tags": {
    tags: Object.fromEntries(
      Array.from({ length: 10_000 }, (_, at) => [`tag ${at}`, "x".repeat(99)]),
    ),
  },
  "names of tags": {
    tags: {
      "": "a",
      " ": "b",
      "a b": "c",
      "ä/ö": "d",
      "a-b": "e",
      ["k".repeat(500)]: "f",
      [HALF]: "g",
    },
  },
  "values of tags": {
    tags: {
      object: circle,
      list: [1],
      symbol: Symbol("s"),
      nan: NaN,
      date: new Date(0),
      half: HALF,
    },
  },
  "twenty megabytes of extra": {
    extra: { text: "x".repeat(20_000_000), list: Array(100_000).fill(7) },
  },
  "odd extra": {
    extra: { nan: NaN, infinite: -Infinity, big: 5n, circle, thrower, deep, half: HALF, [HALF]: 1 },
  },
  "functions as extra": { extra: { f: () => {}, s: Symbol("s"), u: undefined, w: new WeakMap() } },
  "extra as text": { extra: "a text" },
  "odd contexts": {
    contexts: { text: "a text", list: [1], none: null, circle, thrower, half: { HALF } },
  },
  "a user of other types": {
    user: { id: { a: 1 }, email: 5, username: ["a"], ip_address: "none" },
  },
  "a user with a long id": { user: { id: "x".repeat(1_000), email: "x".repeat(1_000) } },
  "a user of nothing": { user: { id: " ", email: "", geo: "here", data: 7 } },
  "contexts of Sentry": {
    contexts: {
      trace: { trace_id: 5, span_id: "x" },
      device: { memory_size: "much", name: 5 },
      os: { name: "", version: 7 },
      runtime: "node",
      app: { app_memory: NaN, app_start_time: 1 },
      feedback: { message: 7 },
      response: "none",
    },
  },
  "functions as tags": { tags: { f: () => {}, json: { toJSON: () => undefined }, big: 5n } },
  "an unknown level": { level: "worst" },
  "an odd fingerprint": { fingerprint: [1, null, { a: 1 }, HALF, "x".repeat(20_000)] },
  "half a pair": {},
};

for (const [name, hint] of Object.entries(hints))
  captureException(new Error(`${name} ${HALF}`), hint);

const odd = [
  {
    message: 5,
    category: {},
    level: "worst",
    type: null,
    timestamp: "now",
    data: "text",
    other: 1,
  },
  { message: HALF, data: [1, 2], level: "log" },
  { data: circle, message: "x".repeat(20_000) },
  {},
];
for (const breadcrumb of odd) addBreadcrumb(breadcrumb);
setContext("text", "a text");
captureException(new Error("breadcrumbs"));
captureMessage("x".repeat(100_000) + HALF);
captureMessage(5);
captureException(Object.assign(new Error("y".repeat(100_000)), { name: "N".repeat(1_000) }));
captureException(Object.assign(new Error("odd name"), { name: 5 }));
captureFeedback({
  message: `${"😀".repeat(5_000)}${HALF}`,
  associatedEventId: "unknown",
  tags: { "a b": 1 },
});
Sentry.getGlobalScope().addEventProcessor((event) => ({
  ...event,
  transaction: "/a".repeat(1_000),
  logger: "a\nb".repeat(100),
  tags: { line: "a\r\nb" },
}));
captureException(new Error("processed"));
console.log(Object.keys(hints).length + 6);
