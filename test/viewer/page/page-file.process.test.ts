import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { root } from "../../../scripts/node.mjs";

const MAX_BYTES = 150_000;

describe("The file of the viewer's page", () => {
  const html = readFileSync(join(root, "dist/viewer-page.html"), "utf8");

  it(`has less than ${MAX_BYTES / 1000} kB, compressed`, () => {
    assert.ok(gzipSync(html).length < MAX_BYTES);
  });

  it("contains its script and style, and refers to nothing else", () => {
    const places = [
      ...html.matchAll(/<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)="([^"]*)"/g),
    ];
    assert.deepEqual(
      places.map(([, place = ""]) => place).filter((place) => !place.startsWith("data:")),
      [],
    );
    assert.doesNotMatch(html, /url\((?!["']?data:)|@import|@font-face/);
  });

  it("makes no code and no elements of texts", () => {
    assert.doesNotMatch(html, /\beval\(|new Function\(|document\.write/);
    const sources = globSync("src/viewer/page/**/*.{ts,tsx}", { cwd: root });
    assert.ok(sources.length > 30);
    const unsafe = sources.filter((file) =>
      /innerHTML|outerHTML|insertAdjacentHTML|DOMParser/i.test(
        readFileSync(join(root, file), "utf8"),
      ),
    );
    assert.deepEqual(unsafe, []);
  });

  it("has its regular expressions where their time is checked", () => {
    const components = globSync("src/viewer/page/**/*.tsx", { cwd: root });
    const withPatterns = components.filter((file) =>
      /[(=,:]\s*\/(?![/*>]| \))|new RegExp/.test(readFileSync(join(root, file), "utf8")),
    );
    assert.deepEqual(withPatterns, []);
  });

  it("allows its own two parts by a policy, and no others", () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? "";
    for (const tag of ["script", "style"]) {
      const parts = [...html.matchAll(new RegExp(`<${tag}\\b[^>]*>([^]*?)</${tag}>`, "g"))];
      assert.equal(parts.length, 1);
      const hash = createHash("sha256")
        .update(parts[0]?.[1] ?? "")
        .digest("base64");
      assert.ok(policy.includes(`${tag}-src 'sha256-${hash}';`));
    }
    assert.match(policy, /^default-src 'none';/);
  });
});
