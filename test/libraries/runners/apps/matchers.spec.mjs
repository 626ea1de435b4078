import { matchers, observe } from "telltale/testing";

/* For vitest and jest, which have `expect`. */
const { expect, describe, it } = globalThis;

expect.extend(matchers);

describe("matchers", () => {
  it("pass, are negated, and show the nearest item", async () => {
    const { startShop } = await import("./app.mjs");
    const shop = await startShop();
    const seen = await observe(async () => (await fetch(`${shop.url}/orders/1`)).text(), {
      timeoutMs: 120_000,
    });
    await shop.stop();
    expect(seen).toHaveSpan({ name: "GET /orders/:id", kind: "server" });
    expect(seen).toHaveSpan({ name: expect.stringContaining("/orders") });
    expect(seen).toHaveLog({ body: "order read" });
    expect(seen).toHaveMetric({ name: "http.server.request.duration", count: 1 });
    expect(seen).toHaveQuery({ text: /FROM items/ });
    expect(seen).not.toHaveEvent({});
    expect(() => expect(seen).not.toHaveLog({ body: "order read" })).toThrow(
      /a log record matches/,
    );
    expect(() => expect(seen).toHaveSpan({ name: "GET /orders" })).toThrow(
      /no span of \d+ matches[^]*the nearest one: GET \/orders\/:id[^]*expected 'GET \/orders'/,
    );
  });
});
