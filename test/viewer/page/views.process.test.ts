import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { pollUntilTrue } from "../../until.ts";
import { openPage, type OpenPage, startBrowser } from "./browser.ts";
import { type FixtureServer, startFixtureServer } from "./fixture-server.ts";
import { unitSummary } from "./fixture-units.ts";

/** A request with an error, and one with a profile and an N+1. */
const FAILED = "10000005";
const PROFILED = "10000004";

describe("The views of the viewer's page", () => {
  const units = Array.from({ length: 100 }, (_, index) => unitSummary(index));
  let server: FixtureServer;
  let browser: Browser;
  let open: OpenPage;
  let page: Page;

  before(async function () {
    browser = await startBrowser(this);
    server = await startFixtureServer(units);
    open = await openPage(browser, server.url);
    page = open.page;
  });

  afterEach(() => assert.deepEqual(open.problems.splice(0), []));

  after(async () => {
    await browser?.close();
    await server?.close();
  });

  async function goTo(hash: string): Promise<void> {
    await page.goto(`${server.url}/${hash}`);
  }

  async function written(text: string): Promise<void> {
    await pollUntilTrue(
      () => server.writes.includes(text),
      () => `${text} in ${server.writes.join()}`,
    );
  }

  it("are reached by keys, and a reload keeps the place", async () => {
    await page.getByRole("grid", { name: "Requests" }).waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.getByRole("treegrid", { name: "Timeline" }).waitFor();
    await page.keyboard.press("]");
    await page.getByRole("tab", { name: "Queries", selected: true }).waitFor();
    await page.reload();
    await page.getByRole("tab", { name: "Queries", selected: true }).waitFor();
    await page.keyboard.press("Escape");
    await page.locator('[role="row"][aria-selected="true"]').waitFor();
    for (const [key, name] of [
      ["o", "Routes"],
      ["l", "Logs"],
      ["m", "Metrics"],
      ["c", "Compare"],
      ["h", "Runs"],
      ["r", "Requests"],
    ] as const) {
      // Both at once: the page waits for the second one for a limited time.
      await Promise.all([page.keyboard.press("g"), page.keyboard.press(key)]);
      await page.locator('nav [aria-current="page"]', { hasText: name }).waitFor();
    }
  });

  it("show all keys, and dark or light", async () => {
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    const background = async (): Promise<unknown> =>
      page.evaluate("getComputedStyle(document.body).backgroundColor");
    await page.keyboard.press("t");
    assert.equal(await background(), "rgb(14, 18, 23)");
    await page.keyboard.press("t");
    assert.equal(await background(), "rgb(246, 247, 249)");
    await page.keyboard.press("t");
  });

  it("show a request by its important spans, by all, and closed", async () => {
    await goTo(`#/requests/${PROFILED}`);
    const rows = page.getByRole("treegrid").getByRole("row");
    await page.getByText("N+1 ×40").last().waitFor();
    const count = await rows.count();
    await page.keyboard.press("v");
    await page.getByText("middleware - json").waitFor();
    await page.keyboard.press("v");
    await page.keyboard.press("h");
    await pollUntilTrue(async () => (await rows.count()) === 2, "the root is closed");
    await page.keyboard.press("l");
    await pollUntilTrue(async () => (await rows.count()) === count, "the root is open");
  });

  it("show a query on several lines with its parameters, and open its place in the editor", async () => {
    await page.locator(".badge", { hasText: "N+1 ×40" }).last().click();
    const panel = page.getByRole("complementary");
    await panel.locator("pre.sql").waitFor();
    assert.match((await panel.locator("pre.sql").textContent()) ?? "", /SELECT\n {2}i\.id,\n/);
    assert.equal(await panel.locator(".sql-keyword").first().textContent(), "SELECT");
    assert.equal(await panel.locator(".parameters").textContent(), "$15000");
    await panel.getByRole("button", { name: "src/orders/repository.ts:48" }).first().click();
    await written(
      'POST /api/open {"file":"/home/dev/shop/src/orders/repository.ts","line":48,"column":21}',
    );
  });

  it("show repeated calls with what to do", async () => {
    await page.getByRole("tab", { name: "Repeated" }).click();
    const card = page.locator(".card.group");
    const text = (await card.textContent()) ?? "";
    assert.match(text, /N\+1×40.*40 different sets of parameters.*one after the other/);
    assert.match(text, /src\/orders\/repository\.ts:48.*Load all rows by one query/s);
    await card.getByRole("button", { name: "show in the timeline" }).click();
    await page.locator('[aria-selected="true"]', { hasText: "×40" }).waitFor();
  });

  it("show queries, calls, cache operations, logs and headers", async () => {
    const parts: readonly (readonly [tab: string, text: RegExp])[] = [
      ["Queries", /INSERT INTO charges/],
      ["Calls", /POST.*http:\/\/payments:8080\/charges.*201/],
      ["Cache", /GET.*session:8f2a.*hit/],
      ["Logs", /warn.*payment is slow/i],
      ["Headers", /authorization\[redacted\].*x-query-count42/],
    ];
    for (const [tab, text] of parts) {
      await page.getByRole("tab", { name: tab }).click();
      assert.match((await page.getByRole("tabpanel").textContent()) ?? "", text);
    }
    await page.getByRole("tab", { name: "Queries" }).click();
    await page.getByRole("button", { name: "Slowest first" }).click();
    await page.locator(".query-row summary").first().click();
    await page.locator(".query-body .parameters").waitFor();
  });

  it("show an error with the lines that threw it, and a text for an agent", async () => {
    await goTo(`#/requests/${FAILED}`);
    await page.getByRole("list", { name: "Findings" }).getByText("TypeError").waitFor();
    await page.getByRole("tab", { name: "Errors" }).click();
    assert.match(
      (await page.locator(".line.marked").textContent()) ?? "",
      /17 {4}cents \+= item\.product\.cents/,
    );
    await page.keyboard.press("c");
    await page.getByText("Copied a description for an agent").waitFor();
    assert.match(
      String(await page.evaluate("navigator.clipboard.readText()")),
      /TypeError.*total\.ts:17/,
    );
  });

  it("pin a request, and record the next one of its route", async () => {
    await page.keyboard.press("s");
    await written(`POST /api/requests/${FAILED}/pin {"pinned":true}`);
    await page.getByRole("tab", { name: "Profiles" }).click();
    await page.getByRole("button", { name: "Allocation profile" }).click();
    await written('POST /api/profiles/next {"kind":"allocation","name":"DELETE /cart/:id"}');
  });

  it("show a profile as a flame graph, by function, package and file", async () => {
    await goTo(`#/requests/${PROFILED}?tab=profiles`);
    await page.getByRole("link", { name: "CPU profile" }).click();
    await page.getByText("1 other request was in progress").waitFor();
    const canvas = page.getByRole("img", { name: "Flame graph" });
    await canvas.click({ position: { x: 200, y: 30 } });
    await page.locator(".flame-facts", { hasText: "handle300 ms (72.8%)" }).waitFor();
    await page.getByRole("button", { name: "Show all" }).click();
    for (const [tab, text] of [
      ["Functions", /90 ms90 msparseRowpg/],
      ["Packages", /160 ms39%node/],
      ["Files", /src\/toOrder\.ts/],
    ] as const) {
      await page.getByRole("tab", { name: tab }).click();
      assert.match((await page.getByRole("tabpanel").textContent()) ?? "", text);
    }
    const links = await page.locator(".actions a").evaluateAll(hrefsOf);
    assert.deepEqual(
      links,
      ["cpuprofile", "pprof", "speedscope"].map(
        (format) => `/api/profiles/p1/export?format=${format}`,
      ),
    );
  });

  it("compare two requests that are chosen in the list", async () => {
    await goTo("#/requests");
    await page.getByRole("grid").waitFor();
    for (const key of ["j", "a", "j", "b"]) await page.keyboard.press(key);
    await page.locator(".change", { hasText: "GET /customers/:id/orders" }).waitFor();
    const { hash } = new URL(page.url());
    assert.match(hash, /^#\/compare\?kind=request&before=1\w+&after=1\w+$/);
    const change = page.locator(".change").first();
    assert.match((await change.textContent()) ?? "", /faster.*410 ms → 96 ms −77%.*gone.*new/);
  });

  it("compare two routes that are chosen in their list", async () => {
    await goTo("#/routes");
    await page.getByRole("table", { name: "Routes" }).waitFor();
    for (const key of ["j", "a", "j", "b"]) await page.keyboard.press(key);
    await page.locator(".change").first().waitFor();
    const params = new URLSearchParams(new URL(page.url()).hash.split("?")[1]);
    assert.equal(params.get("kind"), "route");
    assert.notEqual(params.get("name"), params.get("name_after"));
  });

  it("keep a run as a baseline, and compare it with the one before", async () => {
    await goTo("#/runs");
    await page.getByRole("button", { name: "keep as a baseline" }).click();
    await page.getByLabel("Name of the baseline").fill("before");
    await page.getByRole("button", { name: "Keep" }).click();
    await written('POST /api/runs/run-2/baseline {"name":"before"}');
    await page.getByRole("link", { name: "with the one before" }).click();
    await page.locator(".sides", { hasText: "main 9d01e44a" }).waitFor();
  });

  it("import a file, and clear all but pinned requests", async () => {
    await goTo("#/runs");
    const content = '{"resourceSpans":[]}';
    const file = {
      name: "traces.json",
      mimeType: "application/json",
      buffer: Buffer.from(content),
    };
    await page.getByLabel("Import OTLP JSON").setInputFiles(file);
    await written(`POST /api/import ${content}`);
    await goTo("#/requests");
    await page.getByRole("button", { name: "Clear" }).click();
    await page.getByRole("button", { name: "Clear all" }).click();
    await written("DELETE /api/requests ");
  });

  it("show routes, the log stream and charts", async () => {
    await goTo("#/routes");
    await page.getByRole("button", { name: "p95" }).click();
    const first = page.locator(".routes tbody tr").first();
    await first.getByText("GET /customers/:id/orders").waitFor();
    await first.getByText("N+1 in").waitFor();
    await first.click();
    await pollUntilTrue(() => page.url().includes("name=GET"), "the requests of the route");
    await goTo("#/logs?level=error");
    await page.getByText("failed: no stock").first().waitFor();
    await goTo("#/metrics");
    await page.locator(".uplot canvas").first().waitFor();
    assert.equal(await page.locator(".uplot").count(), 5);
  });
});

/** Runs in the page. */
function hrefsOf(elements: readonly unknown[]): (string | null)[] {
  return (elements as { getAttribute(name: string): string | null }[]).map((element) =>
    element.getAttribute("href"),
  );
}
