import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { build, type Rolldown } from "vite";
import { viteSingleFile } from "vite-plugin-singlefile";
import type { BundledFile } from "./bundled-file.ts";
import { cache, root, staging } from "./paths.ts";

/** Name in `dist/` of the viewer's page, one file with its script and style. */
const PAGE_FILE = "viewer-page.html";

const source = join(root, "src/viewer/page");

interface BuiltPage {
  readonly stamp: string;
  readonly html: string;
  /** Path relative to the repository -> bytes. */
  readonly inputs: Readonly<Record<string, number>>;
}

/** Writes the page into the staging folder. It is built only if its sources changed. */
export async function bundlePage(): Promise<[string, BundledFile]> {
  const stamp = computeStamp();
  const page = readCached(stamp) ?? (await buildPage(stamp));
  writeFileSync(join(staging, PAGE_FILE), page.html);
  const inputs = new Map(Object.entries(page.inputs));
  return [PAGE_FILE, { bytes: Buffer.byteLength(page.html), imports: [], inputs }];
}

const cached = join(cache, "viewer-page.json");

function readCached(stamp: string): BuiltPage | undefined {
  try {
    const page = JSON.parse(readFileSync(cached, "utf8")) as BuiltPage;
    return page.stamp === stamp ? page : undefined;
  } catch {
    return undefined;
  }
}

function computeStamp(): string {
  const hash = createHash("sha256");
  const files = readdirSync(source, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const others = ["package-lock.json", "scripts/build/page.ts"].map((file) => join(root, file));
  for (const file of [...files.toSorted(), ...others]) {
    hash.update(relative(root, file)).update(readFileSync(file));
  }
  return hash.digest("hex");
}

async function buildPage(stamp: string): Promise<BuiltPage> {
  const inputs: Record<string, number> = {};
  const result = await build({
    root: source,
    configFile: false,
    logLevel: "warn",
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    build: { write: false, target: "es2023", modulePreload: false, reportCompressedSize: false },
    plugins: [viteSingleFile({ removeViteModuleLoader: true })],
  });
  const [{ output }] = (Array.isArray(result) ? result : [result]) as [Rolldown.RolldownOutput];
  for (const chunk of output) {
    if (chunk.type === "chunk") Object.assign(inputs, inputsOf(chunk));
  }
  const asset = output.find(({ fileName }) => fileName === "index.html");
  if (asset?.type !== "asset") throw new Error("Vite made no index.html of the viewer's page");
  const html = withPolicy(asset.source.toString());
  const page: BuiltPage = { stamp, html, inputs };
  mkdirSync(cache, { recursive: true });
  writeFileSync(cached, JSON.stringify(page));
  return page;
}

function inputsOf(chunk: Rolldown.OutputChunk): Record<string, number> {
  const modules = Object.entries(chunk.modules).filter(([id]) => id.startsWith(root));
  return Object.fromEntries(
    modules.map(([id, { renderedLength }]) => [
      relative(root, id).replaceAll("\\", "/"),
      renderedLength,
    ]),
  );
}

/**
 * Adds the page's own policy, which holds for the exported file of one request too: no
 * network but the viewer's own server, no code but the two parts of this file.
 */
function withPolicy(html: string): string {
  const policy = [
    "default-src 'none'",
    `script-src ${hashesOf(html, "script")}`,
    `style-src ${hashesOf(html, "style")}`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const meta = `<meta http-equiv="Content-Security-Policy" content="${policy}" />`;
  return html.replace("<head>", () => `<head>\n    ${meta}`);
}

function hashesOf(html: string, tag: "script" | "style"): string {
  const parts = html.matchAll(new RegExp(`<${tag}\\b[^>]*>([^]*?)</${tag}>`, "g"));
  return [...parts]
    .map(([, text = ""]) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`)
    .join(" ");
}
