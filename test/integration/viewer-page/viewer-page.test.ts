import assert from "node:assert/strict";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Download, Page } from "playwright-core";
import type { ViewerState } from "../../../src/viewer/state-file.ts";
import { type Redis, startRedis } from "../../libraries/servers/redis.ts";
import { programOrSkip } from "../../programs.ts";
import { pollUntil, pollUntilTrue } from "../../until.ts";
import { openPage, type OpenPage, startBrowser } from "../../viewer/page/browser.ts";
import type { Program } from "../program.ts";
import { type DevProject, portOf } from "../viewer/dev-run.ts";
import { createShop, fixShop, ORDERS, REPEATED_LINE, shopEnv, THROWING_LINE } from "./shop.ts";

/** Each step continues where the one before it ended, like someone who uses the page. */
describe("The viewer's page, of two preloaded services", () => {
  let redis: Redis;
  let project: DevProject;
  let state: ViewerState;
  let env: Record<string, string>;
  let browser: Browser;
  let open: OpenPage;
  let page: Page;
  let shop: Program;
  let port: number;

  before(async function () {
    programOrSkip(this, "redis-server");
    browser = await startBrowser(this);
    redis = await startRedis();
    project = createShop();
    const editor = createEditor(project);
    const payments = project.dev(["--port", "0", "--", "node", "payments.js"], {
      env: { OTEL_SERVICE_NAME: "payments", TELLTALE_EDITOR: editor },
    });
    const paymentsPort = await portOf(payments);
    state = await project.state();
    env = { ...shopEnv(redis, paymentsPort), OTEL_SERVICE_NAME: "shop" };
    open = await openPage(browser, `${state.url}/?token=${state.token}`);
    page = open.page;
  });

  afterEach(() => assert.deepEqual(open.problems.splice(0), []));

  after(async () => {
    await browser?.close();
    await project?.remove();
    await redis?.stop();
  });

  async function startShop(): Promise<void> {
    shop = project.dev(["--", "node", "shop.js"], { env });
    port = await portOf(shop);
  }

  async function send(path: string, headers: Record<string, string> = {}): Promise<void> {
    await (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).text();
  }

  async function goTo(hash: string): Promise<void> {
    await page.goto(`${state.url}/${hash}`);
  }

  function rowOf(text: string): ReturnType<Page["locator"]> {
    return page.locator(".row.unit", { hasText: text }).first();
  }

  /** Opens the newest request whose row has a text. */
  async function openRequest(text: string): Promise<void> {
    await goTo("#/requests");
    await rowOf(text).locator("a.route").click();
    await page.getByRole("treegrid", { name: "Timeline" }).waitFor();
  }

  /** Opens a part of the request, and resolves with its text once it has `text`. */
  async function partOf(tab: string, text: RegExp): Promise<void> {
    await page.getByRole("tab", { name: tab }).click();
    const panel = page.getByRole("tabpanel");
    await pollUntilTrue(
      async () => text.test((await panel.textContent()) ?? ""),
      `${tab}: ${text.source}`,
    );
  }

  it("explains what to do until the first request comes, and shows that at once", async () => {
    await page.getByRole("heading", { name: "Waiting for the first request" }).waitFor();
    await startShop();
    await send("/orders/ann", { "x-shop": "main", authorization: "Bearer s3cret" });
    await rowOf("/orders/:customer").waitFor();
    await rowOf("/orders/ann").getByText("200").waitFor();
  });

  it("finds the N+1 with its line, which opens in the editor", async () => {
    await page.getByRole("button", { name: "N+1", exact: true }).click();
    await rowOf("/orders/:customer").getByText("N+1").waitFor();
    await openRequest("/orders/:customer");
    const finding = page.getByRole("list", { name: "Findings" });
    await finding.getByText(`N+1 ×${ORDERS}`).waitFor();
    await finding
      .getByRole("button", { name: `shop.js:${REPEATED_LINE}` })
      .first()
      .click();
    const opened = await pollUntil(
      async () => readOpened(project) || undefined,
      "the place that the editor got",
    );
    assert.match(opened, new RegExp(`shop\\.js:${REPEATED_LINE}:`));
  });

  it("shows each query with its parameters and rows, and what to do about the N+1", async () => {
    await partOf("Queries", /SELECT id FROM orders/);
    await page.locator(".query-row summary", { hasText: "items" }).first().click();
    await page.locator(".query-body .parameters").waitFor();
    await partOf("Repeated", /N\+1×12.*12 different sets of parameters.*one after the other/);
    await page.getByRole("button", { name: "show in the timeline" }).click();
    await page.locator('[aria-selected="true"]', { hasText: `×${ORDERS}` }).waitFor();
  });

  it("shows headers without secrets", async () => {
    await partOf("Headers", /x-shopmain/);
    const text = (await page.getByRole("tabpanel").textContent()) ?? "";
    assert.ok(!text.includes("s3cret"), text);
    assert.ok(!text.includes("x-query-count"), "the page has the figures themselves");
  });

  it("shows a request over both services, with the call between them", async () => {
    await send("/pay");
    await openRequest("/pay");
    const services = page.getByRole("list", { name: "Services" });
    await services.getByText("payments").waitFor();
    await page.getByRole("treegrid").getByText("POST /charges").waitFor();
    await partOf("Calls", /POST.*\/charges.*201/);
  });

  it("shows hits and misses of the cache", async () => {
    await send("/price");
    await openRequest("/price");
    await partOf("Cache", /price:1.*hit.*price:2.*miss/);
  });

  it("shows an error with the line that threw it, and the log lines of the request", async () => {
    await send("/fail");
    await goTo("#/requests?errors=1");
    await openRequest("/fail");
    await page.getByRole("treegrid").getByText("there is no stock for the order").waitFor();
    await page.getByRole("list", { name: "Findings" }).getByText("TypeError").first().waitFor();
    await partOf("Errors", /no stock/);
    const line = (await page.locator(".line.marked").first().textContent()) ?? "";
    assert.match(line, new RegExp(`^${THROWING_LINE}\\s+throw new TypeError`));
    await goTo("#/logs?level=error");
    await page.getByText("there is no stock for the order").first().waitFor();
    await page.getByRole("link", { name: "request", exact: true }).first().click();
    await page.getByRole("treegrid", { name: "Timeline" }).waitFor();
  });

  it("shows a stall of the event loop under the span that blocked", async () => {
    await send("/work");
    await openRequest("/work");
    await page.getByRole("list", { name: "Findings" }).getByText("Event loop blocked").waitFor();
    await page.getByRole("treegrid").getByText("event loop blocked").waitFor();
  });

  it("records the next request of a route, and shows its flame graph", async () => {
    await page.getByRole("tab", { name: "Profiles" }).click();
    await page.getByRole("button", { name: "CPU profile" }).click();
    await page.getByText("The next GET /work is recorded").waitFor();
    // The app asks the viewer for commands, and may not have got this one yet.
    const notice = page.getByRole("link", { name: "A cpu profile of GET /work is there" });
    await pollUntilTrue(async () => {
      await send("/work");
      return (await notice.count()) > 0;
    }, "a profile of the next request");
    await notice.first().click();
    await page.getByRole("img", { name: "Flame graph" }).waitFor();
    await page.getByRole("tab", { name: "Functions" }).click();
    await page.getByRole("tabpanel").locator("tbody tr").first().waitFor();
    const saved = await download(page.getByRole("link", { name: "cpuprofile" }));
    assert.ok(Array.isArray((JSON.parse(saved) as { nodes: unknown }).nodes));
  });

  it("hides health checks until they are asked for", async () => {
    await send("/healthz");
    await send("/price");
    await goTo("#/requests");
    await rowOf("/price").waitFor();
    assert.equal(await rowOf("/healthz").count(), 0);
    await page.getByRole("button", { name: "Noise" }).click();
    await rowOf("/healthz").waitFor();
  });

  it("filters by text, status, duration and attribute", async () => {
    const filters: readonly (readonly [filter: string, path: string])[] = [
      ["text=/PAY", "/pay"],
      ["status=5xx", "/fail"],
      ["min_ms=290&text=/work", "/work"],
      ["attribute=http.route:/price", "/price"],
      ["service=payments", "/charges"],
    ];
    for (const [filter, path] of filters) {
      await goTo(`#/requests?${filter}`);
      await pollUntilTrue(async () => {
        const routes = await page.locator(".row.unit .route").allTextContents();
        return routes.length > 0 && routes.every((route) => route === path);
      }, `only ${path} for ${filter}`);
    }
  });

  it("groups requests by route, and shows metrics", async () => {
    await goTo("#/routes");
    await page.locator(".routes tr", { hasText: "GET /work" }).waitFor();
    await goTo("#/metrics?text=http.server.request.duration");
    await page.locator(".uplot canvas").first().waitFor();
  });

  it("names what changed between two runs", async () => {
    shop.kill("SIGTERM");
    await shop.ended;
    fixShop(project);
    await startShop();
    await send("/orders/ann");
    // The comparison is loaded once: it would lack a request that arrives later.
    await goTo("#/requests?text=/orders");
    await pollUntilTrue(
      async () => (await page.locator(".row.unit .route").count()) >= 2,
      "the request of the second run",
    );
    await goTo("#/runs");
    const row = page.locator("tr", { hasText: "shop" }).first();
    await row.getByRole("link", { name: "with the one before" }).click();
    const change = page.locator(".change", { hasText: "GET /orders/:customer" });
    await change.getByText("gone").waitFor();
    assert.match((await change.textContent()) ?? "", /13 → 2.*SELECT title FROM items/);
  });

  it("compares two routes, and two requests", async () => {
    await send("/price");
    await goTo("#/routes?service=shop");
    await page.locator(".routes tr", { hasText: "GET /price" }).waitFor();
    for (const key of ["j", "a", "j", "b"]) await page.keyboard.press(key);
    await page.locator(".sides").waitFor();
    await goTo("#/requests?text=/orders");
    await pollUntilTrue(async () => (await page.locator(".row.unit .route").count()) >= 2, "two");
    for (const key of ["End", "a", "Home", "b"]) await page.keyboard.press(key);
    await page.locator(".change").getByText("gone").waitFor();
  });

  it("keeps a run as a baseline, until it is removed", async () => {
    await goTo("#/runs");
    await page.getByRole("button", { name: "keep as a baseline" }).first().click();
    await page.getByLabel("Name of the baseline").fill("fixed");
    await page.getByRole("button", { name: "Keep", exact: true }).click();
    await page.getByRole("button", { name: "Remove the baseline fixed" }).click();
    await page.getByRole("button", { name: "keep as a baseline" }).first().waitFor();
    await page.getByText("fixed", { exact: true }).waitFor({ state: "hidden" });
  });

  it("exports a request as a file that shows it without the viewer", async () => {
    await openRequest("/orders/:customer");
    const html = await download(page.getByRole("link", { name: "HTML" }));
    const path = join(project.folder, "request.html");
    writeFileSync(path, html);
    const exported = await openPage(browser, pathToFileURL(path).href);
    await exported.page.getByRole("treegrid").getByText("SELECT order_id, title").waitFor();
    assert.deepEqual(exported.problems, []);
  });

  it("clears all but pinned requests, and imports what was exported", async () => {
    const before = await download(page.getByRole("link", { name: "JSON" }));
    await page.keyboard.press("s");
    await page.getByRole("button", { name: "Unpin" }).waitFor();
    await goTo("#/requests");
    await page.getByRole("button", { name: "Clear" }).click();
    await page.getByRole("button", { name: "Clear all" }).click();
    await pollUntilTrue(
      async () => (await page.locator(".row.unit .route").count()) === 1,
      "one row",
    );
    await rowOf("pinned").waitFor();
    await goTo("#/runs");
    const file = { name: "traces.json", mimeType: "application/json", buffer: Buffer.from(before) };
    await page.getByLabel("Import OTLP JSON").setInputFiles(file);
    await page.getByText("Imported traces.json").waitFor();
  });
});

async function download(link: ReturnType<Page["getByRole"]>): Promise<string> {
  const started = link.page().waitForEvent("download");
  await link.click();
  const file: Download = await started;
  return readFileSync(await file.path(), "utf8");
}

/** Creates a program that stands for an editor, and writes its arguments. */
function createEditor({ folder }: DevProject): string {
  const path = join(folder, "editor.sh");
  writeFileSync(path, `#!/bin/sh\necho "$@" > "${join(folder, "opened.txt")}"\n`);
  chmodSync(path, 0o755);
  return path;
}

function readOpened({ folder }: DevProject): string {
  try {
    return readFileSync(join(folder, "opened.txt"), "utf8");
  } catch {
    return "";
  }
}
