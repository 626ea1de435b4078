import assert from "node:assert/strict";
import { nodes } from "../../nodes.ts";
import { converse } from "./conversation.ts";
import { ServicePair, type HttpService } from "./service.ts";

/** How an app answers (`/id?form=…`), and the ids that the client then sees. */
const forms: readonly { title: string; form: string; ids: "ours" | readonly string[] }[] = [
  { title: "an app that sets no header", form: "none", ids: "ours" },
  { title: "an app that writes the head itself", form: "explicit", ids: "ours" },
  { title: "an app that sets another header", form: "other", ids: "ours" },
  { title: "an app that gives another header to writeHead", form: "objectOther", ids: "ours" },
  { title: "its own by setHeader", form: "setHeader", ids: ["own"] },
  { title: "its own by setHeader, in mixed case", form: "setHeaderMixed", ids: ["own"] },
  { title: "two of its own by setHeader", form: "setHeaderList", ids: ["own", "second"] },
  { title: "its own by setHeaders", form: "setHeaders", ids: ["own"] },
  { title: "its own by appendHeader", form: "appended", ids: ["own"] },
  { title: "its own in writeHead's object", form: "object", ids: ["own"] },
  { title: "its own in writeHead's object, in mixed case", form: "objectMixed", ids: ["own"] },
  { title: "its own in an object without prototype", form: "objectBare", ids: ["own"] },
  { title: "its own in writeHead after setHeader", form: "both", ids: ["own"] },
  { title: "its own in writeHead's flat list", form: "flat", ids: ["own"] },
  { title: "its own in writeHead's flat list, in capitals", form: "flatMixed", ids: ["own"] },
  { title: "its own in writeHead's pairs", form: "pairs", ids: ["own"] },
  { title: "its own after a status message", form: "message", ids: ["own"] },
  { title: "its own, flushed", form: "flushed", ids: ["own"] },
  { title: "an app that exposes the header, in a flat list", form: "flatExposed", ids: "ours" },
  { title: "an app that exposes the header, in pairs", form: "pairsExposed", ids: "ours" },
];

/** What a caller sends, and whether that is taken over. */
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
      it(`of ${title} is ${ids === "ours" ? "ours" : "the app's"}, once`, async () => {
        const [bare, preloaded] = await Promise.all(
          [pair.bare, pair.preloaded].map((service) => ask(service, `/id?form=${form}`)),
        );
        assert.deepEqual(preloaded?.ids, ids === "ours" ? [preloaded?.ids[0]] : ids);
        assert.deepEqual(bare?.ids, ids === "ours" ? [] : ids);
        assert.equal(preloaded?.rest, bare?.rest);
      });
    }

    for (const { title, headers, taken: isAccepted } of given) {
      it(`is ${isAccepted === undefined ? "a new one" : "the caller's"} for ${title}`, async () => {
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

    it("is none of the headers that the app asks its response for", async () => {
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
