import assert from "node:assert/strict";
import type { ReceivedEvent } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { eventText } from "../events.ts";
import { type Opening, planted } from "../fixtures/planted.ts";
import { bundlePrograms, type BundledPrograms } from "../preload.ts";

/** What is opened in a run. */
const openings: readonly (readonly Opening[])[] = [
  [],
  ["user"],
  ["userInfo"],
  ["cookies"],
  ["httpHeaders"],
  ["httpBodies"],
  ["urlQueryParams"],
  ["httpHeaders", "userInfo"],
  ["httpHeaders", "urlQueryParams"],
  ["user", "userInfo", "cookies", "httpHeaders", "httpBodies", "urlQueryParams"],
];

/** The stream API of HTTP/2 has no request object that an app could put a body or a user on. */
const kinds: readonly (readonly [kind: string, without: readonly Opening[]])[] = [
  ["now http", []],
  ["now http2", []],
  ["now stream", ["user", "httpBodies"]],
  // The body is released with the request.
  ["late http", ["httpBodies"]],
  ["late http2", ["httpBodies"]],
  ["late stream", ["user", "httpBodies"]],
];

describe("An event of a request", function () {
  let programs: BundledPrograms;
  let receiver: Receiver;
  before(async () => {
    [programs, receiver] = await Promise.all([
      bundlePrograms(["request-data.ts"]),
      startReceiver(),
    ]);
  });
  after(() => Promise.all([programs.remove(), receiver.close()]));

  for (const opened of openings) {
    describe(`with ${opened.join(", ") || "nothing"} opened`, () => {
      let events: readonly ReceivedEvent[];
      before(async () => {
        receiver.clear();
        const { stderr } = await programs.run("request-data.ts", { env: envOf(opened) });
        await receiver.settled();
        events = [...receiver.events];
        assert.equal(events.length, kinds.length, stderr);
      });
      for (const [kind, without] of kinds) {
        it(`has these values only: ${kind}`, () => {
          const event = events.find((one) => eventText(one) === kind);
          const { request, user, ...rest } = event ?? {};
          const text = JSON.stringify({ request, user });
          const isOpen = (needs: readonly Opening[] | undefined): boolean =>
            needs?.every((one) => opened.includes(one) && !without.includes(one)) === true;
          const wrong = planted.filter(([value, needs]) => text.includes(value) !== isOpen(needs));
          assert.deepEqual(wrong, [], text);
          assert.ok(!JSON.stringify(withoutSource(rest)).includes("planted"));
          assert.deepEqual([request?.["method"], request?.["url"]], ["GET", "/orders"]);
        });
      }
    });
  }

  function envOf(opened: readonly Opening[]): Record<string, string> {
    const collected = opened.filter((one) => one !== "user");
    return {
      SENTRY_DSN: receiver.dsn,
      TELLTALE_USER_FIELDS: opened.includes("user") ? "id" : "",
      TELLTALE_DATA_COLLECTION: collected.join(","),
    };
  }
});

/** Source lines of the program have its own values. */
function withoutSource(event: object): object {
  return { ...event, exception: undefined };
}
