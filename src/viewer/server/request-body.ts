import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate } from "node:zlib";
import { RequestError } from "./request-error.ts";

/** The largest body, compressed and decompressed: of an import, or of an export of an app. */
export const MAX_BODY_BYTES: number = 64 * 1024 * 1024;

/** The largest body of a change that the page or a command asks for. */
export const MAX_CHANGE_BYTES: number = 64 * 1024;

const decompressors = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
} as const;

/**
 * Reads a body and decompresses it. The limit holds for both forms, so that a small body
 * can't become a large one.
 *
 * @throws RequestError if the body is too large, or compressed in another way.
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity" && !isKnown(encoding))
    throw new RequestError(415, "The content encoding must be gzip, deflate, br or identity.");
  const body = await readRaw(request, maxBytes);
  if (encoding === "identity") return body;
  try {
    return await decompressors[encoding](body, { maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(maxBytes);
    throw new RequestError(400, `The body is no valid ${encoding}.`);
  }
}

/**
 * Reads a body of JSON.
 *
 * @throws RequestError if it is too large, no JSON, or no object.
 */
export async function readJson(
  request: IncomingMessage,
  maxBytes: number,
): Promise<Readonly<Record<string, unknown>>> {
  if (!isJson(request)) throw new RequestError(415, "The content type must be application/json.");
  return parseObject(await readBody(request, maxBytes));
}

/** Returns the object of a text of JSON. */
export function parseObject(body: Buffer): Readonly<Record<string, unknown>> {
  let content: unknown;
  try {
    content = JSON.parse(body.toString("utf8"));
  } catch {
    throw new RequestError(400, "The body is no valid JSON.");
  }
  if (typeof content === "object" && content !== null && !Array.isArray(content))
    return content as Readonly<Record<string, unknown>>;
  throw new RequestError(400, "The body must be a JSON object.");
}

export function isJson({ headers }: IncomingMessage): boolean {
  return mediaTypeOf(headers["content-type"]) === "application/json";
}

/** Returns the media type of a `Content-Type`, without its parameters. */
export function mediaTypeOf(header: string | undefined): string {
  return (header ?? "").split(";", 1)[0]!.trim().toLowerCase();
}

async function readRaw(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const parts: Buffer[] = [];
  let bytes = 0;
  // The connection stays open for the response.
  for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function isKnown(encoding: string): encoding is keyof typeof decompressors {
  return Object.hasOwn(decompressors, encoding);
}

function tooLarge(maxBytes: number): RequestError {
  return new RequestError(413, `The body is larger than ${maxBytes} bytes.`);
}
