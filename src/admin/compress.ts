import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";

const gzipAsync = promisify(gzip);

/** Below this a page fits into a few packets, and packing it costs more than sending it. */
const MIN_COMPRESS_BYTES = 16_384;

export interface CompressedBody {
  readonly body: Buffer;
  readonly encoding: "gzip" | undefined;
}

/**
 * The body as the client takes it. Packing runs in the thread pool, at the
 * cheapest level: text of metrics shrinks to a twentieth even so.
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

/** A page that several scrapes share is packed once. */
const compressedBodies = new WeakMap<Buffer, Promise<Buffer>>();

function compressOnce(body: Buffer): Promise<Buffer> {
  const compressed =
    compressedBodies.get(body) ?? gzipAsync(body, { level: constants.Z_BEST_SPEED });
  compressedBodies.set(body, compressed);
  return compressed;
}

/** `gzip` or `*`, unless with a quality of 0 (RFC 9110, 12.5.3). */
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
