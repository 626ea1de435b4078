import assert from "node:assert/strict";
import { type Postgres, startPostgres } from "../../../examples/shop/postgres.ts";
import { Program } from "../program.ts";
import { Project } from "./project.ts";

/** Escapes a text for a regular expression. */
function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

describe("From the answers of the commands alone", function () {
  let project: Project;

  afterEach(async () => {
    await project.remove();
    await Program.killAll();
  });

  it("a slow endpoint is found with the line of its N+1", async () => {
    project = new Project("shop.mjs");
    await project.start();
    for (let at = 0; at < 3; at++) {
      assert.equal(await project.request("GET", "/orders"), 200);
      assert.equal(await project.request("GET", "/products"), 200);
    }
    const place = project.placeOf("SELECT name FROM customers");
    const found = new RegExp(`N\\+1 .*at ${literal(place)}\\b.*12 calls, 12 sets of parameters`);
    const slow = await project.runUntil(found, "slow");
    assert.match(slow.stdout, /GET \/orders/);
    const n1 = await project.runUntil(/3 requests with N\+1/, "n1");
    assert.equal(n1.code, 1);
    assert.match(n1.stdout, found);
    assert.match(n1.stdout, /in 3 requests of GET \/orders/);
    assert.match(n1.stdout, /hint: /);
    assert.doesNotMatch(n1.stdout, /\/products/);
  });

  it("an order that fails is found with the line that throws", async () => {
    project = new Project("shop.mjs");
    await project.start();
    assert.equal(await project.request("POST", "/orders"), 500);
    assert.equal(await project.request("GET", "/products"), 200);
    const errors = await project.runUntil(/1 failed request/, "errors");
    assert.equal(errors.code, 1);
    const place = literal(project.placeOf("throw new TypeError"));
    assert.match(errors.stdout, /POST \/orders, status 500: 1 request/);
    assert.match(
      errors.stdout,
      new RegExp(`TypeError: "order 4711 has no card"\\n +at ${place} \\(pay\\)\\n +from shop`),
    );
    const id = /the last is (\w+)/.exec(errors.stdout)?.[1] ?? "";
    const request = await project.run("request", id);
    assert.equal(request.code, 0);
    assert.match(request.stdout, /failed with status 500/);
    assert.match(request.stdout, new RegExp(`at ${place} \\(pay\\)`));
  });

  describe("with PostgreSQL", () => {
    let postgres: Postgres;

    before(async function () {
      postgres = await startPostgres();
    });
    after(() => postgres.stop());

    it("a leak of connections is found with the line that takes them", async () => {
      project = new Project("leak.mjs");
      await project.start({ SHOP_DATABASE: postgres.url });
      assert.equal(await project.request("GET", "/orders"), 200);
      for (let at = 0; at < 2; at++) assert.equal(await project.request("POST", "/orders"), 409);
      assert.equal(await project.request("GET", "/orders"), 500);
      const place = literal(project.placeOf("never released"));
      const errors = await project.runUntil(
        new RegExp(`2 connections of .* taken at ${place}.* not returned`),
        "errors",
      );
      assert.match(errors.stdout, /timeout exceeded when trying to connect/);
      assert.equal(errors.code, 1);
    });
  });
});
