import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { HttpReply } from "../../replies/http-reply.ts";
import type { OfflineData } from "../model.ts";
import { RequestError } from "./request-error.ts";

/** The file that the build writes, relative to `dist/*.js` or to this file. */
const pageFile = fileURLToPath(
  new URL(
    import.meta.url.endsWith(".ts") ? "../../../dist/viewer-page.html" : "viewer-page.html",
    import.meta.url,
  ),
);

/** The page, whose policy lets only its own script and styles run. */
export class ViewerPage {
  readonly #file: string;
  #html: Promise<string> | undefined;

  constructor(file: string = pageFile) {
    this.#file = file;
  }

  async reply(): Promise<HttpReply> {
    const html = await this.#read();
    return {
      status: 200,
      contentType: "text/html; charset=utf-8",
      body: html,
      headers: { "content-security-policy": policyOf(html) },
    };
  }

  /** Returns the page as a file that shows data without a server. */
  async file(data: OfflineData): Promise<string> {
    const html = await this.#read();
    // No text of the data can end the element, or begin another one.
    const json = JSON.stringify(data).replaceAll("<", String.raw`\u003c`);
    const head = `<meta http-equiv="Content-Security-Policy" content="${metaPolicyOf(html)}">`;
    const element = `<script type="application/json" id="telltale-data">${json}</script>`;
    return insertBefore(insertAfter(html, "<head>", head), "</body>", element);
  }

  /** @throws RequestError if the page was not built. */
  #read(): Promise<string> {
    this.#html ??= readFile(this.#file, "utf8").catch(() => {
      this.#html = undefined;
      throw new RequestError(503, `The page is missing (${this.#file}): build it.`);
    });
    return this.#html;
  }
}

function insertAfter(html: string, tag: string, text: string): string {
  const at = html.indexOf(tag) + tag.length;
  return html.slice(0, at) + text + html.slice(at);
}

function insertBefore(html: string, tag: string, text: string): string {
  const at = html.lastIndexOf(tag);
  return html.slice(0, at) + text + html.slice(at);
}

/** Returns the policy of a file, in which the directive of frames has no effect. */
function metaPolicyOf(html: string): string {
  return policyOf(html)
    .replace("connect-src 'self'", "connect-src 'none'")
    .replace("; frame-ancestors 'none'", "");
}

/**
 * Returns a policy that allows what the file has inline, by its hashes, and connections to
 * the viewer. Nothing else is loaded, and no text of telemetry can become code.
 */
export function policyOf(html: string): string {
  return [
    "default-src 'none'",
    `script-src ${hashesOf(html, "script")}`,
    `style-src ${hashesOf(html, "style")}`,
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

function hashesOf(html: string, element: string): string {
  const hashes = contentsOf(html, element).map(
    (content) => `'sha256-${createHash("sha256").update(content).digest("base64")}'`,
  );
  return hashes.length === 0 ? "'none'" : hashes.join(" ");
}

/** Returns the texts of all elements of a name. */
function contentsOf(html: string, element: string): string[] {
  const contents: string[] = [];
  for (let from = 0; ;) {
    const start = html.indexOf(`<${element}`, from);
    const open = html.indexOf(">", start);
    const end = html.indexOf(`</${element}>`, open);
    if (start === -1 || open === -1 || end === -1) return contents;
    contents.push(html.slice(open + 1, end));
    from = end;
  }
}
