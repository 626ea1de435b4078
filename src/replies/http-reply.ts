/** The response to a request. */
export interface HttpReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Buffer;
  /** Whether the content is a compressed file. */
  readonly isCompressed?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

export function textReply(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): HttpReply {
  return { status, contentType: "text/plain; charset=utf-8", body, headers };
}

export function jsonReply(status: number, content: object): HttpReply {
  const body = `${JSON.stringify(content, null, 2)}\n`;
  return { status, contentType: "application/json; charset=utf-8", body };
}
