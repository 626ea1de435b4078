import { after, before, describe, it } from "node:test";
import { shopTests } from "./shop-tests.mjs";

let shop;

describe("the shop", { concurrency: true }, () => {
  before(async () => {
    const { startShop } = await import("./app.mjs");
    shop = await startShop();
  });
  after(() => shop.stop());
  for (const [title, test] of shopTests(() => shop.url)) it(title, test);
});
