import assert from "node:assert/strict";
import { nodes } from "../../nodes.ts";
import { converse } from "./conversation.ts";
import { ServicePair, type HttpService } from "./service.ts";

/** How an app responds (`/id?form=…`), and the ids that the client receives. */
const forms: readonly { title: string; form: string; ids: "generated" | readonly string[] }[] = [
  { title: "an app that sets no header", form: "none", ids: "generated" },
  { title: "an app that writes the head itself", form: "explicit", ids: "generated" },
  { title: "an app that sets another header", form: "other", ids: "generated" },
  {
    title: "an app that passes another header to writeHead",
    form: "objectOther",
    ids: "generated",
  },
  { title: "the app's own by setHeader", form: "setHeader", ids: ["own"] },
  { title: "the app's own by setHeader, in mixed case", form: "setHeaderMixed", ids: ["own"] },
  { title: "two ids of the app by setHeader", form: "setHeaderList", ids: ["own", "second"] },
  { title: "the app's own by setHeaders", form: "setHeaders", ids: ["own"] },
  { title: "the app's own by appendHeader", form: "appended", ids: ["own"] },
  { title: "the app's own in writeHead's object", form: "object", ids: ["own"] },
  {
    title: "the app's own in writeHead's object, in mixed case",
    form: "objectMixed",
    ids: ["own"],
  },
  { title: "the app's own in an object without prototype", form: "objectBare", ids: ["own"] },
  { title: "the app's own in writeHead after setHeader", form: "both", ids: ["own"] },
  { title: "the app's own in writeHead's flat list", form: "flat", ids: ["own"] },
  { title: "the app's own in writeHead's flat list, in capitals", form: "flatMixed", ids: ["own"] },
  { title: "the app's own in writeHead's pairs", form: "pairs", ids: ["own"] },
  { title: "the app's own after a status message", form: "message", ids: ["own"] },
  { title: "its own, flushed", form: "flushed", ids: ["own"] },
  {
    title: "an app that exposes the header, in a flat list",
    form: "flatExposed",
    ids: "generated",
  },
  { title: "an app that exposes the header, in pairs", form: "pairsExposed", ids: "generated" },
];

/** What a client sends, and whether it is accepted. */
const given: readonly { title: string; headers: string; taken?: string }[] = [
  { title: "an id", headers: "x-request-id: abc-123\r\n", taken: "abc-123" },
  { title: "an id in a header in mixed case", headers: "X-Request-Id: abc\r\n", taken: "abc" },
  {
    title: "all characters of an id",
    headers: "x-request-id: AZaz09._~+/=:-\r\n",
    taken: "AZaz09._~+/=:-",
  },
  {
    title: "an id of 128 characters",
    headers: `x-request-id: ${"a".repeat(128)}\r\n`,
    taken: "a".repeat(128),
  },
  { title: "an id of 129 characters", headers: `x-request-id: ${"a".repeat(129)}\r\n` },
  { title: "an empty id", headers: "x-request-id:\r\n" },
  { title: "an id with a space", headers: "x-request-id: a b\r\n" },
  { title: "an id that would be a header", headers: "x-request-id: a%0d%0aset-cookie: a\r\n" },
  { title: "an id that is not ASCII", headers: "x-request-id: ä\r\n" },
  { title: "an id with a tab", headers: "x-request-id: a\tb\r\n" },
  { title: "a list of ids", headers: "x-request-id: a, b\r\n" },
  {
    title: "two ids, of which the first counts",
    headers: "x-request-id: a\r\nx-request-id: b\r\n",
    taken: "a",
  },
  { title: "a bad id before a good one", headers: "x-request-id: {}\r\nx-request-id: b\r\n" },
];

const GENERATED_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

for (const { name, path } of nodes.filter(({ name }) => name !== "24")) {
  describe(`The request id, Node ${name}`, () => {
    let pair: ServicePair;
    before(async () => {
      pair = await ServicePair.start("service.mjs", path);
    });
    after(() => pair.stop());

    for (const { title, form, ids } of forms) {
      it(`of ${title} is ${ids === "generated" ? "generated" : "the app's"}, and sent once`, async () => {
        const [bare, preloaded] = await Promise.all(
          [pair.bare, pair.preloaded].map((service) => ask(service, `/id?form=${form}`)),
        );
        assert.deepEqual(preloaded?.ids, ids === "generated" ? [preloaded?.ids[0]] : ids);
        assert.deepEqual(bare?.ids, ids === "generated" ? [] : ids);
        assert.equal(preloaded?.rest, bare?.rest);
      });
    }

    for (const { title, headers, taken: isAccepted } of given) {
      it(`is ${isAccepted === undefined ? "a new one" : "the client's"} for ${title}`, async () => {
        const [bare, preloaded] = await Promise.all(
          [pair.bare, pair.preloaded].map((service) => ask(service, "/id?form=none", headers)),
        );
        const [id = "", ...others] = preloaded?.ids ?? [];
        assert.deepEqual(others, []);
        if (isAccepted === undefined) assert.match(id, GENERATED_ID);
        else assert.equal(id, isAccepted);
        assert.equal(preloaded?.rest, bare?.rest);
        // What is on the response is on the span.
        await pair.receiver.waitFor(
          ({ spans }) => spans.find(({ attributes }) => attributes["telltale.request.id"] === id),
          `span with the id ${id}`,
        );
      });
    }

    it("is not among the headers that the app reads from its response", async () => {
      const { ids, rest } = await ask(pair.preloaded, "/id?form=asked");
      assert.equal(ids.length, 1);
      assert.ok(rest.endsWith("[{},[],false]"), rest);
    });
  });
}

async function ask(
  service: HttpService,
  target: string,
  headers = "",
): Promise<{ ids: string[]; rest: string }> {
  const text = await converse(service.connect(), [
    `GET ${target} HTTP/1.1\r\nHost: service\r\n${headers}Connection: close\r\n\r\n`,
  ]);
  return {
    ids: Array.from(text.matchAll(/^x-request-id: (.*)\r$/gim), ([, id = ""]) => id),
    rest: text.replaceAll(/^(?:Date|x-request-id): .*\r\n/gim, ""),
  };
}
