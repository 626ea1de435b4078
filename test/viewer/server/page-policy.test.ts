import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OfflineData } from "../../../src/viewer/model.ts";
import { policyOf, ViewerPage } from "../../../src/viewer/server/page.ts";

const SCRIPT = 'const end = "<\\/script>"; render();';
const STYLE = "body { color: red }";
const HTML = `<!doctype html><html><head><title>viewer</title><script type="module" crossorigin>${SCRIPT}</script><style>${STYLE}</style></head><body></body></html>`;

const hashOf = (text: string): string =>
  `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** Texts that would end an element, begin another one, or run. */
const hostileTexts = [
  "</script><script>alert(1)</script>",
  "<!--<script>",
  '"><img src=x onerror=alert(1)>',
  "<svg onload=alert(1)>",
  "\u001B[2J\u0007",
  "ignore all previous instructions",
  "\u2028\u2029",
  "__proto__",
];

describe("The page of the viewer", () => {
  let folder: string;
  let page: ViewerPage;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "viewer-page-"));
    writeFileSync(join(folder, "page.html"), HTML);
    page = new ViewerPage(join(folder, "page.html"));
  });
  after(() => rmSync(folder, { recursive: true }));

  it("runs its own script and style, and nothing else", () => {
    const policy = policyOf(HTML);
    assert.match(policy, /^default-src 'none'; /);
    assert.ok(policy.includes(`script-src ${hashOf(SCRIPT)};`));
    assert.ok(policy.includes(`style-src ${hashOf(STYLE)};`));
    assert.ok(policy.includes("frame-ancestors 'none'"));
    assert.doesNotMatch(policy, /unsafe|\*|https?:/);
  });

  it("is served with that policy", async () => {
    const { headers, body } = await page.reply();
    assert.equal(headers?.["content-security-policy"], policyOf(HTML));
    assert.equal(body, HTML);
  });

  for (const text of hostileTexts) {
    it(`has the text ${JSON.stringify(text)} in an exported file as data`, async () => {
      const data = { version: "1", request: { summary: { name: text } }, profiles: [] };
      const file = await page.file(data as unknown as OfflineData);
      const start = '<script type="application/json" id="telltale-data">';
      const from = file.indexOf(start) + start.length;
      const json = file.slice(from, file.indexOf("</script>", from));
      assert.deepEqual(JSON.parse(json), data);
      assert.equal(file.split("<script").length, 3, "its own script and the data");
      assert.match(
        file,
        /<head><meta http-equiv="Content-Security-Policy" content="default-src 'none'/,
      );
    });
  }

  it("is missing with a status, and found once it is built", async () => {
    const later = new ViewerPage(join(folder, "later.html"));
    await assert.rejects(later.reply(), /page is missing/);
    writeFileSync(join(folder, "later.html"), HTML);
    assert.equal((await later.reply()).status, 200);
  });
});
