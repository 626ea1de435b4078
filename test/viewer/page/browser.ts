import type { Context } from "mocha";
import { type Browser, chromium, type Page } from "playwright-core";
import { programOrSkip } from "../../programs.ts";
import { WAIT_TIMEOUT_MS } from "../../until.ts";

/** Starts Chromium. Without it the test is skipped, and fails in CI. */
export async function startBrowser(test: Context): Promise<Browser> {
  return chromium.launch({
    executablePath: programOrSkip(test, "chromium"),
    // Its sandbox needs a user other than root.
    args: ["--no-sandbox"],
    timeout: WAIT_TIMEOUT_MS,
  });
}

/** A page of a browser, with what went wrong in it. */
export interface OpenPage {
  readonly page: Page;
  /** Errors, refused parts of the policy and warnings of the console, and addresses outside of the server. */
  readonly problems: string[];
}

/** Opens an address in a window of its own. */
export async function openPage(browser: Browser, url: string): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_TIMEOUT_MS);
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(`error: ${error.message}`));
  page.on("console", (message) => {
    const isProblem = message.type() === "error" || message.type() === "warning";
    if (isProblem) problems.push(`${message.text()} (${message.location().url})`);
  });
  const { origin } = new URL(url);
  page.on("request", (request) => {
    const isOwn = request.url().startsWith(`${origin}/`) || request.url().startsWith("data:");
    if (!isOwn && origin !== "null") problems.push(`request: ${request.url()}`);
  });
  await page.goto(url);
  return { page, problems };
}
