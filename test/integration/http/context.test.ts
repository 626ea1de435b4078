import assert from "node:assert/strict";
import { nodes } from "../../nodes.ts";
import { converse, DISCONNECT, type ConversationStep } from "./conversation.ts";
import { ServicePair, type HttpService } from "./service.ts";

/** Contexts of the callbacks of one request, as reported by the service under `/seen`. */
interface SeenContexts {
  readonly hasSpan: boolean;
  readonly seen: readonly {
    readonly what: string;
    /** Whether the active span was always that of the handler. */
    readonly right: boolean;
    readonly store: string | null;
  }[];
}

/** Requests for `/watched`, by name; `must` are callbacks that have to be among those seen. */
interface ContextCase {
  readonly title: string;
  readonly steps: readonly ConversationStep[];
  readonly watched: Readonly<Record<string, readonly string[]>>;
}

const HOST = "Host: service\r\n";

function post(name: string, query: string, bytes: number): string {
  return `POST /watched?name=${name}&${query} HTTP/1.1\r\n${HOST}Content-Length: ${bytes}\r\n\r\n`;
}

function get(name: string, query: string): string {
  return `GET /watched?name=${name}&${query} HTTP/1.1\r\n${HOST}\r\n`;
}

const later = ["timeout", "immediate", "tick", "microtask", "promise", "file", "lookup"];
const ended = ["request end", "request close", "response finish", "response close", "answer"];

/** Sends the parts one by one, so that they do not arrive with the request. */
function upload(name: string, way: string): ConversationStep[] {
  return [
    post(name, `way=${way}&early=1`, 8),
    /early/,
    "body",
    /got 4/,
    "more",
    /done/,
    DISCONNECT,
  ];
}

const cases: readonly ContextCase[] = [
  {
    title: "of a GET",
    steps: [get("get", "way=flowing"), /done/, DISCONNECT],
    watched: { get: [...later, ...ended] },
  },
  {
    title: "of a body that arrives with the request",
    steps: [`${post("whole", "way=flowing", 4)}body`, /done/, DISCONNECT],
    watched: { whole: [...ended, "request data"] },
  },
  ...["flowing", "readable", "once", "iterated", "pipeline"].map((way) => ({
    title: `of a body that arrives in parts, read ${way}`,
    steps: upload(`parts-${way}`, way),
    watched: {
      [`parts-${way}`]: [
        ...later,
        ...ended,
        ...{
          flowing: ["request data"],
          readable: ["request readable"],
          once: [],
          iterated: ["part"],
          pipeline: ["pipeline data", "pipeline end"],
        }[way]!,
      ],
    },
  })),
  {
    title: "of a chunked body",
    steps: [
      `POST /watched?name=chunked&way=flowing&early=1 HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`,
      /early/,
      "4\r\nbody\r\n",
      /got 4/,
      "0\r\n\r\n",
      /done/,
      DISCONNECT,
    ],
    watched: { chunked: [...ended, "request data"] },
  },
  {
    title: "of a body that the client sends after 100 Continue",
    steps: [
      `POST /watched?name=expected&way=flowing HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 4\r\n\r\n`,
      /100 Continue/,
      "body",
      /done/,
      DISCONNECT,
    ],
    watched: { expected: [...ended, "request data"] },
  },
  {
    title: "of a response larger than the buffer of the socket",
    steps: [get("large", "way=flowing&bytes=4000000"), /done/, DISCONNECT],
    watched: { large: [...ended, "response drain"] },
  },
  {
    title: "of pipelined requests that wait for each other",
    steps: [
      get("first", "way=flowing&ms=60") +
        get("second", "way=flowing&ms=5&bytes=100000") +
        get("third", "way=flowing"),
      /done[^]*done[^]*done/,
      DISCONNECT,
    ],
    watched: { first: ended, second: ended, third: ended },
  },
  {
    title: "of requests one after the other on a connection",
    steps: [
      ...upload("former", "flowing").slice(0, -1),
      get("latter", "way=flowing"),
      /done[^]*done/,
      DISCONNECT,
    ],
    watched: { former: ended, latter: ended },
  },
  {
    title: "of a client that disconnects",
    steps: [get("left", "hang=1"), /begun/, DISCONNECT],
    watched: { left: ["request close", "response close"] },
  },
  {
    title: "of a client that disconnects during its upload",
    steps: [post("torn", "way=flowing&early=1", 8), /early/, "body", /got 4/, DISCONNECT],
    watched: {
      torn: ["request data", "request error", "request aborted", "request close", "response close"],
    },
  },
];

for (const { name, path } of nodes) {
  describe(`The context in the callbacks, Node ${name}`, () => {
    let pair: ServicePair;
    before(async () => {
      pair = await ServicePair.start("service.mjs", path);
    });
    after(() => pair.stop());

    for (const one of cases) {
      it(`${one.title} is that of the request, and the app's own storage is unchanged`, async () => {
        const [bare, preloaded] = await Promise.all([
          watch(pair.bare, one),
          watch(pair.preloaded, one),
        ]);
        for (const [name, must] of Object.entries(one.watched)) {
          const callbacks = preloaded.get(name);
          assert.equal(callbacks?.hasSpan, true);
          const wrong = callbacks.seen.filter(({ right }) => !right);
          assert.deepEqual(wrong, [], name);
          const seen = new Set(callbacks.seen.map(({ what }) => what));
          assert.deepEqual(
            must.filter((what) => !seen.has(what)),
            [],
            [...seen].join(", "),
          );
          assert.deepEqual(storesByCallback(callbacks), storesByCallback(bare.get(name)), name);
        }
      });
    }

    it("of a connection is that of no request", async () => {
      const lines = await connections(pair.preloaded);
      assert.deepEqual(lines, await connections(pair.bare));
    });

    it("costs a connection one listener, however many requests", async () => {
      const ask = "GET /listeners HTTP/1.1\r\nHost: service\r\n\r\n";
      const steps: ConversationStep[] = [];
      for (let count = 1; count <= 12; count++) {
        steps.push(ask, new RegExp(`(?:"close":[^]*){${count}}`));
      }
      const [bare, preloaded] = await Promise.all(
        [pair.bare, pair.preloaded].map(async (service) =>
          countsIn(await converse(service.connect(), [...steps, DISCONNECT])),
        ),
      );
      const more = bare?.map((counts) => ({ ...counts, close: (counts["close"] ?? 0) + 1 }));
      assert.deepEqual(preloaded, more);
      assert.equal(preloaded?.length, 12);
    });
  });
}

async function watch(
  service: HttpService,
  { steps, watched }: ContextCase,
): Promise<Map<string, SeenContexts>> {
  await converse(service.connect(), steps);
  const found = new Map<string, SeenContexts>();
  for (const name of Object.keys(watched)) {
    const response = await service.get(`/seen?name=${name}`);
    found.set(name, (await response.json()) as SeenContexts);
  }
  return found;
}

function storesByCallback(seen: SeenContexts | undefined): Record<string, string | null> {
  return Object.fromEntries(seen?.seen.map(({ what, store }) => [what, store]) ?? []);
}

/** What the listeners of one connection of two requests have seen. */
async function connections(service: HttpService): Promise<unknown> {
  const key = `connection-${service.adminPort}`;
  const ask = `POST /hello?connection=${key} HTTP/1.1\r\nHost: service\r\nContent-Length: 4\r\n\r\n`;
  await converse(service.connect("observed"), [
    ask,
    "body",
    /hello/,
    ask,
    "body",
    /hello[^]*hello/,
    DISCONNECT,
  ]);
  const response = await service.get("/connections");
  return response.json();
}

function countsIn(text: string): Record<string, number>[] {
  return Array.from(
    text.matchAll(/\{[^}]*\}/g),
    ([json]) => JSON.parse(json) as Record<string, number>,
  );
}
