import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OfflineData, UnitDetail } from "../../../src/viewer/model.ts";
import { ViewerPage } from "../../../src/viewer/server/page.ts";
import { openStore } from "../../../src/viewer/store/telemetry-store.ts";
import { TRACE, tracesOf } from "../store/otlp-builder.ts";

const html =
  "<!doctype html><html><head><title>t</title></head><body>" +
  '<div id="app"></div><script type="module">start("<script>");</script></body></html>';

const hostile = [
  "</script><script>alert(1)</script>",
  "<!--<script>",
  "\u2028\u2029 & < >",
  `"'\`\${x}\\`,
  "$& $1 $`",
];

describe("The page of one request", () => {
  let folder: string;
  let page: ViewerPage;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "telltale-page-"));
    writeFileSync(join(folder, "page.html"), html);
    page = new ViewerPage(join(folder, "page.html"));
  });
  after(() => rmSync(folder, { recursive: true }));

  function detailOf(text: string): UnitDetail {
    const store = openStore({ projectFolder: "", history: undefined });
    store.add(
      "traces",
      tracesOf({ span: "a", kind: "server", name: text, attributes: { [text]: text } }),
    );
    const detail = store.unit(TRACE);
    store.close();
    assert.ok(detail);
    return detail;
  }

  for (const text of hostile) {
    it(`has the data as text that can't end its element: ${JSON.stringify(text)}`, async () => {
      const unit = detailOf(text);
      const file = await page.file(dataOf(unit));
      const element = /<script type="application\/json" id="telltale-data">([^<]*)<\/script>/;
      const data = element.exec(file)?.[1];
      assert.deepEqual(JSON.parse(data ?? ""), JSON.parse(JSON.stringify(dataOf(unit))));
      // Besides the data, it is the page with its policy.
      const rest = file.replace(element, "");
      assert.equal(rest.replace(/<meta http-equiv[^>]*>/, ""), html);
    });
  }

  it("allows the scripts of the page and no others, and no network", async () => {
    const file = await page.file(dataOf(detailOf("x")));
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(file)?.[1] ?? "";
    const hash = createHash("sha256").update('start("<script>");').digest("base64");
    assert.ok(policy.includes(`script-src 'sha256-${hash}'`), policy);
    assert.ok(policy.startsWith("default-src 'none'"));
    assert.ok(policy.includes("connect-src 'none'"));
    assert.ok(file.indexOf("Content-Security-Policy") < file.indexOf("<script"));
  });
});

function dataOf(request: UnitDetail): OfflineData {
  return { version: "1", request, profiles: [] };
}
