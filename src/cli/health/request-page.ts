import { request as httpRequest, type IncomingMessage } from "node:http";
import { lazy } from "../../lazy.ts";
import { propertyOf } from "../../property.ts";

/** TLS costs a few milliseconds at start. */
const loadHttps = lazy<typeof import("./https-request.ts")>("cli/health/https-request.ts");

/** A page of the admin server that is requested once. */
export interface PageRequest {
  /** Default: GET. */
  readonly method?: "GET" | "POST";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** The server's own certificate in PEM, which is the only one that is accepted. */
  readonly certificate: string | undefined;
  readonly timeoutMs: number;
}

export interface PageResult {
  readonly isHealthy: boolean;
  /** In words, in one line. */
  readonly outcome: string;
  readonly status: number | undefined;
  /** The JSON of the page, if it has any. */
  readonly content: unknown;
  readonly durationMs: number;
}

/** A page is smaller; one that never ends is no such page. */
const MAX_BYTES = 256 * 1024;

/** Requests a page. Never rejects. */
export async function requestPage(page: PageRequest): Promise<PageResult> {
  const startedAt = performance.now();
  const found = await responseOf(page, read).catch((error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException;
    return failure(code ?? message);
  });
  return { ...found, durationMs: Math.round(performance.now() - startedAt) };
}

/** A response with a file. */
export interface FileResult {
  readonly status: number;
  /** Of the header `Content-Disposition`. */
  readonly name: string | undefined;
  readonly content: Buffer;
}

/**
 * Requests a file.
 *
 * @throws Error without a complete response, or if the file is larger than `maxBytes`.
 */
export function requestFile(page: PageRequest, maxBytes: number): Promise<FileResult> {
  return responseOf(page, (response) => readFile(response, maxBytes));
}

async function readFile(response: IncomingMessage, maxBytes: number): Promise<FileResult> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response) {
    parts.push(part as Buffer);
    size += (part as Buffer).length;
    if (size > maxBytes) throw new Error(`more than ${maxBytes} bytes`);
  }
  const { statusCode: status = 0, headers } = response;
  const name = /filename="([\w.-]{1,100})"/.exec(headers["content-disposition"] ?? "")?.[1];
  return { status, name, content: Buffer.concat(parts) };
}

type Found = Omit<PageResult, "durationMs">;

async function responseOf<Result>(
  page: PageRequest,
  read: (response: IncomingMessage) => Promise<Result>,
): Promise<Result> {
  const { method = "GET", url, headers, timeoutMs, certificate } = page;
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  const options = { method, headers: { ...headers, connection: "close" }, agent: false } as const;
  const request =
    url.protocol === "https:"
      ? loadHttps().requestByHttps(url, options, certificate)
      : httpRequest(url, options);
  const timer = setTimeout(() => {
    reject(new Error(`no response within ${timeoutMs} ms`));
    request.destroy();
  }, timeoutMs);
  request.on("error", reject);
  request.on("response", (response) => void read(response).then(resolve, reject));
  request.end();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    request.destroy();
  }
}

async function read(response: IncomingMessage): Promise<Found> {
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) {
    text += String(chunk);
    if (text.length > MAX_BYTES) break;
  }
  const { statusCode: status = 0 } = response;
  const content = parse(text);
  const isHealthy = status >= 200 && status < 300;
  const reason =
    propertyOf(content, "reason") ?? (isHealthy ? undefined : firstLine(text, content));
  const result = propertyOf(content, "status");
  const words = [`status ${status}`, result, reason].filter((part) => typeof part === "string");
  return { isHealthy, outcome: words.join(", "), status, content };
}

function firstLine(text: string, content: unknown): string | undefined {
  const [line = ""] = content === undefined ? text.trim().split("\n", 1) : [];
  return line === "" ? undefined : line.slice(0, 200);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function failure(outcome: string): Found {
  return { isHealthy: false, outcome, status: undefined, content: undefined };
}
