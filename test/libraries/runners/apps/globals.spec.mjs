import { shopTests } from "./shop-tests.mjs";

/* For runners with global functions: mocha, vitest and jest. */
const { before, after, beforeAll = before, afterAll = after, describe, it } = globalThis;
let shop;

describe("the shop", () => {
  beforeAll(async () => {
    const { startShop } = await import("./app.mjs");
    shop = await startShop();
  });
  afterAll(() => shop.stop());
  for (const [title, test] of shopTests(() => shop.url)) it(title, test);
});
