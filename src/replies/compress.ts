import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import { acceptedEncodings } from "./content-encoding.ts";

const gzipAsync = promisify(gzip);

/** A smaller body fits into one packet. */
const MIN_COMPRESS_BYTES = 1400;

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
  const accepted = acceptedEncodings(acceptEncoding?.toString());
  const isSmall = accepted.identity && body.length < MIN_COMPRESS_BYTES;
  if (isSmall || !accepted.gzip) return { body, encoding: undefined };
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
