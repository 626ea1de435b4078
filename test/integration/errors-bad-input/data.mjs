import { createServer } from "node:http";
import { once } from "node:events";
import * as telltale from "telltale";

/* Serves one request for each form of bad data that is an argument, and a plain one after it. */

const boom = () => {
  throw new Error("the app's own");
};
const withGetters = (...names) =>
  Object.defineProperties(
    { plain: "read" },
    Object.fromEntries(names.map((name) => [name, { get: boom, enumerable: true }])),
  );
const throwingProxy = () =>
  new Proxy({}, { get: boom, has: boom, ownKeys: boom, getOwnPropertyDescriptor: boom });
const circular = () => {
  const value = { text: "round" };
  value.self = value;
  value.list = [value, value];
  return value;
};
const deep = () => {
  let value = {};
  for (let level = 0; level < 100_000; level++) value = { value };
  return value;
};
const MEGABYTES = "x".repeat(20_000_000);
const fail = (message = "bad data") => telltale.captureException(new Error(message));
const oddValues = [
  ...[undefined, null, NaN, 1n, Symbol("odd"), () => {}, [], { a: 1 }, new Date(NaN), "", " ", -0],
  ...[Object.create(null), withGetters("a"), { toString: boom }, { toJSON: boom }, throwingProxy()],
];

const forms = {
  "10,000 tags": () => {
    for (let at = 0; at < 10_000; at++) telltale.setTag(`tag.${at}`, at);
    fail();
  },
  "tags with illegal keys": () => {
    for (const key of ["", " ", "a b", "ü", "__proto__", "constructor", "a\nb", "k".repeat(300)])
      telltale.setTag(key, "v");
    telltale.setTags({ [MEGABYTES]: 1 });
    fail();
  },
  "tags with illegal values": () => {
    oddValues.forEach((value, at) => telltale.setTag(`odd.${at}`, value));
    telltale.setTag("unreadable", throwingProxy());
    telltale.setTag("long", MEGABYTES);
    fail();
  },
  "tags, extras and contexts that are none": () => {
    for (const value of oddValues) {
      attempt(() => telltale.setTags(value));
      attempt(() => telltale.setExtras(value));
      attempt(() => telltale.setContext("odd", value));
      attempt(() => telltale.setContext(value, { a: 1 }));
      attempt(() => telltale.setTag(value, "v"));
      attempt(() => telltale.setExtra(value, "v"));
    }
    fail();
  },
  "users that are none": () => {
    for (const value of [...oddValues, "u", 7, withGetters("id", "email")]) {
      attempt(() => telltale.setUser(value));
      attempt(() => telltale.setUser({ id: value, email: value, ip_address: value }));
      fail(`user ${typeof value}`);
    }
  },
  "100,000 breadcrumbs": () => {
    for (let at = 0; at < 100_000; at++) telltale.addBreadcrumb({ message: `step ${at}` });
    fail();
  },
  "breadcrumbs that are none": () => {
    for (const value of oddValues) {
      attempt(() => telltale.addBreadcrumb(value));
      for (const field of ["message", "category", "level", "type", "data", "timestamp"])
        attempt(() => telltale.addBreadcrumb({ message: "odd", [field]: value }));
    }
    attempt(() => telltale.addBreadcrumb(withGetters("message", "timestamp", "data")));
    fail();
  },
  "a circular extra": () => {
    telltale.setExtra("circular", circular());
    telltale.setContext("circular", circular());
    telltale.addBreadcrumb({ message: "round", data: circular() });
    fail();
  },
  "an extra of 100,000 levels": () => {
    telltale.setExtra("deep", deep());
    fail();
  },
  "getters that throw": () => {
    telltale.setExtra("getters", withGetters("a", "b"));
    telltale.setContext("getters", withGetters("a", "b"));
    telltale.addBreadcrumb({ message: "getters", data: withGetters("a") });
    fail();
  },
  "a proxy that throws": () => {
    telltale.setExtra("proxy", throwingProxy());
    telltale.setContext("proxy", { inner: throwingProxy() });
    fail();
  },
  "values without JSON": () => {
    telltale.setExtras({
      ...{
        big: 1n,
        symbol: Symbol("s"),
        work: () => {},
        map: new Map([[1, 2]]),
        set: new Set([1]),
      },
      ...{ json: { toJSON: boom }, date: new Date(NaN), bytes: Buffer.alloc(20_000_000) },
      ...{ text: { toString: boom, valueOf: boom } },
    });
    fail();
  },
  "an extra of 20 MB": () => {
    telltale.setExtra("text", MEGABYTES);
    fail();
  },
  "a context of 100,000 entries": () => {
    telltale.setContext(
      "wide",
      Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`key.${at}`, "value"])),
    );
    fail();
  },
  "a message of 20 MB": () => void telltale.captureMessage(MEGABYTES),
  "an error with a message of 20 MB": () => void fail(MEGABYTES),
  "messages that are none": () => {
    for (const value of oddValues) attempt(() => telltale.captureMessage(value));
    for (const value of oddValues) attempt(() => telltale.captureMessage("level", value));
  },
  "hints that are none": () => {
    for (const value of [...oddValues, boom, withGetters("tags", "extra", "contexts", "user")])
      attempt(() => telltale.captureException(new Error("hint"), value));
    for (const name of ["tags", "extra", "contexts", "user", "level", "fingerprint"])
      for (const value of oddValues)
        attempt(() => telltale.captureException(new Error(`hint ${name}`), { [name]: value }));
  },
  "a scope whose processor throws": () => {
    telltale.withScope((scope) => {
      scope.addEventProcessor(boom);
      fail();
    });
  },
  "a scope whose processor returns nonsense": () => {
    for (const value of ["nonsense", 7, undefined, [], {}]) {
      telltale.withScope((scope) => {
        scope.addEventProcessor(() => value);
        fail(`processor ${typeof value}`);
      });
    }
  },
  "a scope whose processor rejects": () => {
    telltale.withScope((scope) => {
      scope.addEventProcessor(() => Promise.reject(new Error("the app's own")));
      fail();
    });
  },
  "an attachment that can't be read": () => {
    telltale.withScope((scope) => {
      scope.addAttachment({ filename: "a", data: withGetters("length") });
      scope.addAttachment(withGetters("filename", "data"));
      fail();
    });
  },
  "feedback that is none": () => {
    for (const value of oddValues) {
      attempt(() => telltale.captureFeedback(value));
      attempt(() => telltale.captureFeedback({ message: value, email: value }));
      attempt(() => telltale.captureFeedback({ message: "m" }, value));
    }
  },
  "check-ins that are none": () => {
    for (const value of oddValues) {
      attempt(() => telltale.captureCheckIn(value));
      attempt(() => telltale.captureCheckIn({ monitorSlug: value, status: value }));
      attempt(() => telltale.captureCheckIn({ monitorSlug: "m", status: "ok" }, value));
    }
  },
  "a clock that is set back": () => {
    fail("before");
    const { now } = Date;
    Date.now = () => now() - 3_600_000;
    fail("after");
    telltale.captureMessage("after");
    setTimeout(() => (Date.now = now), 50);
  },
};

const thrown = [];
function attempt(call) {
  try {
    call();
  } catch (error) {
    thrown.push(String(error?.stack));
  }
}

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(forms);
const server = createServer((request, response) => {
  const name = decodeURIComponent(request.url.slice(1));
  attempt(() => {
    if (name === "plain") telltale.captureException(new Error("plain"));
    else forms[name]();
  });
  response.end("ok");
}).listen(0, "127.0.0.1");
await once(server, "listening");
const origin = `http://127.0.0.1:${server.address().port}`;
for (const name of names.flatMap((name) => [name, "plain"])) {
  await (await fetch(`${origin}/${encodeURIComponent(name)}`)).text();
}
await telltale.flush(60_000);
const healthz = `http://127.0.0.1:${process.env.OTEL_EXPORTER_PROMETHEUS_PORT}/healthz`;
const { telemetry } = await (await fetch(healthz)).json();
console.log(JSON.stringify({ thrown, events: telemetry.events }));
server.close();
server.closeAllConnections();
