import { readExport } from "../../otlp/decode.ts";
import { otlpResponseBody } from "../../otlp/response.ts";
import { MAX_BODY_BYTES, mediaTypeOf, readBody } from "./request-body.ts";
import { RequestError } from "./request-error.ts";
import type { Route } from "./route.ts";

const SIGNALS = ["traces", "logs", "metrics"] as const;
const MEDIA_TYPES: readonly string[] = ["application/json", "application/x-protobuf"];

/** What apps export: OTLP over HTTP. */
export const intakeRoutes: readonly Route[] = SIGNALS.map((signal) => ({
  method: "POST",
  path: `/v1/${signal}`,
  access: "app",
  async handle({ request }, { store, workTree }) {
    const mediaType = mediaTypeOf(request.headers["content-type"]);
    if (!MEDIA_TYPES.includes(mediaType)) {
      throw new RequestError(415, `The content type must be ${MEDIA_TYPES.join(" or ")}.`);
    }
    const body = await readBody(request, MAX_BODY_BYTES);
    const content = valid(() => readExport(signal, mediaType, body));
    await workTree.label(content);
    const rejected = valid(() => store.add(signal, content));
    const response = otlpResponseBody(signal, mediaType, rejected, "malformed");
    return { status: 200, contentType: mediaType, body: Buffer.from(response) };
  },
}));

/** Returns what a decoder of the body returns. */
function valid<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw new RequestError(400, `The body is no valid OTLP: ${String(error)}`);
  }
}
