import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import { pollUntilTrue } from "../../until.ts";
import { openPage, type OpenPage, startBrowser } from "./browser.ts";
import { type FixtureServer, startFixtureServer } from "./fixture-server.ts";
import { unitSummary } from "./fixture-units.ts";

/** The number of requests that the page has to scroll smoothly. */
const MANY = 10_000;

/** Rows that fit the window, with those above and below. */
const MAX_RENDERED = 70;

/** Runs in the page. */
function scrollTo(element: unknown, top: number): void {
  (element as { scrollTop: number }).scrollTop = top;
}

describe("The list of the viewer's page", () => {
  const units = Array.from({ length: MANY }, (_, index) => unitSummary(index));
  let server: FixtureServer;
  let browser: Browser;
  let open: OpenPage;

  before(async function () {
    browser = await startBrowser(this);
    server = await startFixtureServer(units);
    open = await openPage(browser, server.url);
  });

  after(async () => {
    await browser?.close();
    await server?.close();
  });

  it("shows requests with their figures, and needs nothing but its server", async () => {
    const row = open.page.getByRole("row").nth(1);
    await row.waitFor();
    assert.match((await row.textContent()) ?? "", /POST\/orders.*201198 ms490 ms/);
    assert.deepEqual(open.problems, []);
  });

  it("has few rows in the document, however many there are", async () => {
    const { page } = open;
    const rows = page.locator(".row.unit:not(.header)");
    const list = page.getByRole("grid", { name: "Requests" });
    for (let index = 0; index < MANY; index += 500) {
      // Rows are loaded as they are scrolled to, so that a jump may stop at the last one.
      await pollUntilTrue(async () => {
        await list.evaluate(scrollTo, index * 32);
        return (await page.locator(`[aria-rowindex="${index + 2}"]`).count()) === 1;
      }, `row ${index}`);
      assert.ok((await rows.count()) <= MAX_RENDERED);
    }
    await page.keyboard.press("End");
    await page.locator(`[aria-rowindex="${MANY + 1}"]`).waitFor();
    assert.ok((await rows.count()) <= MAX_RENDERED);
  });

  it("shows a new request at once, and keeps it back while it is paused", async () => {
    const { page } = open;
    await page.keyboard.press("p");
    server.send({ type: "unit", unit: unitSummary(MANY + 1, { route: "/new", name: "GET /new" }) });
    await page.getByRole("button", { name: "Resume (1 new)" }).click();
    await page.getByText("10,001", { exact: false }).first().waitFor();
    assert.deepEqual(open.problems, []);
  });
});
