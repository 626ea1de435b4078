import assert from "node:assert/strict";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { nodes } from "../../nodes.ts";
import { valuesOf } from "./page.ts";
import { HttpService } from "./service.ts";

/** Cases of `apps/synthetic-requests.mjs`, their results, and the server spans beside that of the call. */
const cases: readonly {
  title: string;
  name: string;
  /** Result with the preload; without it there is no request id. */
  found: object;
  spans: readonly { url: string; aborted?: true }[];
}[] = [
  {
    title: "a request without a network",
    name: "synthetic",
    found: { ok: true, hasId: true },
    spans: [{ url: "/made" }],
  },
  {
    title: "an aborted request without a network",
    name: "aborted",
    found: { destroyed: true },
    spans: [{ url: "/made", aborted: true }],
  },
  { title: "no request at all", name: "nothing", found: [false, true], spans: [] },
  {
    title: "objects that are no messages",
    name: "plain",
    found: { answered: "plain" },
    spans: [],
  },
  { title: "frozen messages", name: "frozen", found: { asked: 1 }, spans: [] },
  { title: "messages that refuse everything", name: "hostile", found: { asked: 1 }, spans: [] },
  {
    title: "requests of an HTTP/2 server",
    name: "http2",
    found: { text: "two" },
    spans: [{ url: "/made" }],
  },
  {
    title: "a server that was created before the preload",
    name: "early server",
    found: { text: "early", hasId: true },
    spans: [{ url: "/made" }],
  },
  {
    title: "a server in a domain",
    name: "domain",
    found: { message: "to the domain" },
    spans: [],
  },
  {
    title: "an emit that was replaced for all emitters",
    name: "replaced emit",
    found: { seen: ["own"] },
    spans: [],
  },
  {
    title: "an emit that was wrapped for one server",
    name: "a wrapped emit",
    found: { text: "wrapped", asked: true },
    spans: [{ url: "/made" }],
  },
  {
    title: "an error that is only monitored",
    name: "monitored error",
    found: { seen: ["unheard", "thrown unheard"] },
    spans: [],
  },
];

for (const { name, path } of nodes.filter(({ name }) => name !== "24")) {
  describe(`Requests that an app emits itself, Node ${name}`, () => {
    let receiver: Receiver;
    let bare: HttpService;
    let preloaded: HttpService;

    before(async () => {
      receiver = await startReceiver();
      const options = { app: "synthetic-requests.mjs", node: path, flags: ["--no-deprecation"] };
      const early = ["--import", new URL("apps/early.mjs", import.meta.url).href];
      [bare, preloaded] = await Promise.all([
        HttpService.start({ ...options, early }),
        HttpService.start({ ...options, early, receiver }),
      ]);
    });
    after(() => Promise.all([bare.stop(), receiver.close()]));

    for (const { title, name, found, spans } of cases) {
      it(`work as without a preload: ${title}`, async () => {
        receiver.clear();
        const [asBare, asPreloaded] = await Promise.all(
          [bare, preloaded].map(async (service) => (await service.get(`/${name}`)).json()),
        );
        assert.deepEqual(asPreloaded, found);
        assert.deepEqual(asBare, "hasId" in found ? { ...found, hasId: false } : found);
        const received = await receiver.waitFor(
          (all) => {
            const servers = all.spans.filter(({ kind }) => kind === "SERVER");
            return servers.length > spans.length && servers;
          },
          `${spans.length + 1} spans`,
        );
        const made = received.filter(({ attributes }) => attributes["url.path"] === "/made");
        assert.deepEqual(
          made.map(({ attributes }) => attributes["telltale.request.aborted"]),
          spans.map(({ aborted }) => aborted),
        );
      });
    }

    it("have all ended at exit, and what can't be recorded is reported once", async () => {
      const page = await preloaded.page();
      assert.deepEqual(valuesOf(page, "http_server_active_requests").filter(Boolean), []);
      const { stderr } = await preloaded.stop();
      assert.match(stderr, /^telltale: a request could not be recorded: .*\n$/);
    });
  });
}
