import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";

const gzipAsync = promisify(gzip);

/** A smaller page fits into a few packets, and compressing it costs more than sending it. */
const MIN_COMPRESS_BYTES = 16_384;

interface CompressedBody {
  readonly body: Buffer;
  readonly encoding: "gzip" | undefined;
}

/**
 * Compresses a body if the client accepts gzip. Compression runs in the thread pool
 * at the fastest level, which still reduces metrics text to a twentieth.
 */
export async function compress(
  content: string | Buffer,
  acceptEncoding: string | string[] | undefined,
): Promise<CompressedBody> {
  const body = typeof content === "string" ? Buffer.from(content) : content;
  if (body.length < MIN_COMPRESS_BYTES || !acceptsGzip(String(acceptEncoding ?? ""))) {
    return { body, encoding: undefined };
  }
  return { body: await compressOnce(body), encoding: "gzip" };
}

/** Compressed bodies by page, because concurrent scrapes share a page. */
const compressedBodies = new WeakMap<Buffer, Promise<Buffer>>();

function compressOnce(body: Buffer): Promise<Buffer> {
  const compressed =
    compressedBodies.get(body) ?? gzipAsync(body, { level: constants.Z_BEST_SPEED });
  compressedBodies.set(body, compressed);
  return compressed;
}

/** Whether the header accepts `gzip` or `*` with a quality above 0 (RFC 9110, 12.5.3). */
function acceptsGzip(accepted: string): boolean {
  const codings = accepted
    .toLowerCase()
    .split(",")
    .map((coding) => coding.trim());
  const named = codings.find((coding) => /^(x-)?gzip(\s*;|$)/.test(coding));
  const any = codings.find((coding) => /^\*(\s*;|$)/.test(coding));
  const chosen = named ?? any;
  return chosen !== undefined && !/;\s*q=0(\.0*)?\s*$/.test(chosen);
}
