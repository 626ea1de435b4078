import { qualityOf } from "../quality-value.ts";

/** Whether a client accepts a response compressed with gzip, and one that isn't. */
export interface AcceptedEncodings {
  readonly gzip: boolean;
  readonly identity: boolean;
}

/**
 * Reads an `Accept-Encoding` header. Identity is accepted unless it is excluded; gzip
 * is accepted if it is named, at least with the weight of identity.
 *
 * https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3
 */
export function acceptedEncodings(header: string | undefined): AcceptedEncodings {
  const weights = new Map((header ?? "").toLowerCase().split(",").map(parseCoding));
  const any = weights.get("*");
  const gzip = weights.get("gzip") ?? weights.get("x-gzip") ?? any ?? 0;
  const identity = weights.get("identity");
  return {
    gzip: gzip > 0 && gzip >= (identity ?? 0),
    identity: (identity ?? any ?? 1) > 0,
  };
}

function parseCoding(text: string): [name: string, quality: number] {
  const [name = "", ...parameters] = text.split(";").map((part) => part.trim());
  const pairs = parameters.map((part) => part.split("=", 2).map((side) => side.trim()));
  return [name, qualityOf(pairs.find(([key]) => key === "q")?.[1])];
}
