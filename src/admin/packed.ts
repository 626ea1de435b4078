import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";

const compress = promisify(gzip);

/** Below this a page fits into a few packets, and packing it costs more than sending it. */
const WORTH_PACKING = 16_384;

export interface Packed {
  readonly body: Buffer;
  readonly encoding: "gzip" | undefined;
}

/**
 * The body as the client takes it. Packing runs in the thread pool, at the
 * cheapest level: text of metrics shrinks to a twentieth even so.
 */
export async function packed(
  content: string | Buffer,
  acceptEncoding: string | string[] | undefined,
): Promise<Packed> {
  const body = typeof content === "string" ? Buffer.from(content) : content;
  if (body.length < WORTH_PACKING || !takesGzip(String(acceptEncoding ?? ""))) {
    return { body, encoding: undefined };
  }
  return { body: await compressedOnce(body), encoding: "gzip" };
}

/** A page that several scrapes share is packed once. */
const known = new WeakMap<Buffer, Promise<Buffer>>();

function compressedOnce(body: Buffer): Promise<Buffer> {
  const compressed = known.get(body) ?? compress(body, { level: constants.Z_BEST_SPEED });
  known.set(body, compressed);
  return compressed;
}

/** `gzip` or `*`, unless with a quality of 0 (RFC 9110, 12.5.3). */
function takesGzip(accepted: string): boolean {
  const codings = accepted
    .toLowerCase()
    .split(",")
    .map((coding) => coding.trim());
  const named = codings.find((coding) => /^(x-)?gzip(\s*;|$)/.test(coding));
  const any = codings.find((coding) => /^\*(\s*;|$)/.test(coding));
  const chosen = named ?? any;
  return chosen !== undefined && !/;\s*q=0(\.0*)?\s*$/.test(chosen);
}
