import { execFileSync } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { chromium, type Page } from "playwright-core";
import { startPostgres } from "../examples/shop/postgres.ts";
import { root } from "./node.mjs";
import { createShopProject, type ShopProject } from "./screenshots/shop-project.ts";
import { findInPath } from "./test/programs.ts";
import { UserError } from "./user-error.ts";

/*
 * Writes `docs/images/viewer-*.png`: the viewer as it shows the demo shop, before and after a
 * change. Needs `npm run build` and Chromium (`scripts/debian-packages.txt`).
 */

const images = join(root, "docs/images");

/** More would make the README slow to load. */
const MAX_BYTES = 150_000;

const VIEWPORT = { width: 1280, height: 680 };

interface Screenshot {
  readonly name: string;
  /** Leads the page to what is shown. */
  show(page: Page, url: string): Promise<void>;
}

const screenshots: readonly Screenshot[] = [
  {
    name: "list",
    async show(page, url) {
      await page.goto(`${url}/#/requests`);
      await page.locator(".row.unit .badge").first().waitFor();
      await page.keyboard.press("j");
    },
  },
  {
    name: "request",
    async show(page, url) {
      await page.goto(`${url}/#/requests?text=POST&service=shop&status=2xx`);
      await page.locator(".row.unit .route").first().click();
      await page.getByRole("treegrid").getByText("INSERT INTO charges").first().click();
      await page.locator(".panel pre.sql").waitFor();
    },
  },
  {
    name: "n1",
    async show(page, url) {
      await page.goto(`${url}/#/requests?n1=1`);
      await page.locator(".row.unit .route").first().click();
      await page.getByRole("tab", { name: "Repeated" }).click();
      await page.locator(".card.group").waitFor();
    },
  },
  {
    name: "profile",
    async show(page, url) {
      await page.goto(`${url}/#/requests?text=telltale%3Dprofile`);
      // The oldest one is that of the N+1.
      await page.locator(".row.unit .route").last().click();
      await page.getByRole("tab", { name: "Profiles" }).click();
      await page.getByRole("link", { name: "CPU profile" }).first().click();
      await page.getByRole("img", { name: "Flame graph" }).waitFor();
    },
  },
  {
    name: "compare",
    async show(page, url) {
      await page.goto(`${url}/#/runs`);
      await page
        .locator("tr", { hasText: "shop" })
        .getByText("with the one before")
        .first()
        .click();
      await page.locator(".query-changes").first().waitFor();
    },
  },
];

const database = await startPostgres();
const shop = createShopProject(database.url);
try {
  execFileSync(process.execPath, ["scripts/build.ts", "--quiet"], { cwd: root, stdio: "inherit" });
  await runShop(shop);
  await takeScreenshots(shop);
} finally {
  await shop.stop();
  await database.stop();
}

/** Runs the shop before and after a change, each with some requests. */
async function runShop(project: ShopProject): Promise<void> {
  await project.start();
  await project.sendTraffic();
  await project.change();
  await project.sendTraffic();
}

async function takeScreenshots(project: ShopProject): Promise<void> {
  const executablePath = findInPath("chromium");
  if (executablePath === undefined)
    throw new UserError("chromium is missing: apt-get install chromium");
  mkdirSync(images, { recursive: true });
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage({ viewport: VIEWPORT, colorScheme: "dark" });
    const { url, token } = project.viewer();
    await page.goto(`${url}/?token=${token}`);
    for (const { name, show } of screenshots) {
      await show(page, url);
      const path = join(images, `viewer-${name}.png`);
      await page.screenshot({ path, animations: "disabled" });
      const { size } = statSync(path);
      if (size > MAX_BYTES)
        throw new UserError(`${path} has ${size} bytes, more than ${MAX_BYTES}`);
      console.log(`${path}: ${(size / 1000).toFixed(0)} kB`);
    }
  } finally {
    await browser.close();
  }
}
