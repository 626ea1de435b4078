/** A message as it was received, decoded. */
export interface Mail {
  /** By names in lower case; the last one of each name. */
  readonly headers: ReadonlyMap<string, string>;
  /** The body, or each part of a multipart body that has a content. */
  readonly parts: readonly MailPart[];
}

export interface MailPart {
  /** In lower case and without parameters, such as `text/html`. */
  readonly type: string;
  readonly content: string;
}

/**
 * Parses a message (RFC 5322, 2045 to 2047): encoded words of headers, nested multipart
 * bodies, quoted-printable and base64. Texts are read as UTF-8.
 *
 * @param source with CRLF or LF.
 */
export function parseMail(source: string): Mail {
  const [headers, body] = splitEntity(source.replaceAll("\r\n", "\n"));
  return { headers, parts: partsOf(headers, body) };
}

/** Returns the content of the first part of a type; undefined without one. */
export function contentOf(mail: Mail, type: string): string | undefined {
  return mail.parts.find((part) => part.type === type)?.content;
}

type Headers = ReadonlyMap<string, string>;

function splitEntity(entity: string): readonly [headers: Headers, body: string] {
  const end = entity.indexOf("\n\n");
  const head = end < 0 ? entity : entity.slice(0, end);
  const unfolded = head.replace(/\n[ \t]+/g, " ");
  const entries = unfolded.split("\n").flatMap((line) => {
    const colon = line.indexOf(":");
    if (colon < 1) return [];
    return [
      [line.slice(0, colon).toLowerCase(), decodeWords(line.slice(colon + 1).trim())],
    ] as const;
  });
  return [new Map(entries), end < 0 ? "" : entity.slice(end + 2)];
}

function partsOf(headers: Headers, body: string): MailPart[] {
  const contentType = headers.get("content-type") ?? "text/plain";
  const type = (contentType.split(";")[0] ?? "").trim().toLowerCase();
  if (!type.startsWith("multipart/")) {
    const encoding = headers.get("content-transfer-encoding") ?? "7bit";
    return [{ type, content: decodeBody(body, encoding.toLowerCase()) }];
  }
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1] ?? "";
  const [, ...entities] = `\n${body}`.split(`\n--${boundary}`);
  return entities
    .filter((entity) => !entity.startsWith("--"))
    .flatMap((entity) => partsOf(...splitEntity(entity.replace(/^[ \t]*\n/, ""))));
}

function decodeBody(body: string, encoding: string): string {
  if (encoding === "base64") return Buffer.from(body, "base64").toString();
  if (encoding === "quoted-printable") return decodeQuoted(body.replace(/=[ \t]*\n/g, ""));
  return Buffer.from(body, "latin1").toString();
}

/** Decodes encoded words (RFC 2047). White space between two of them is no part of the text. */
function decodeWords(text: string): string {
  return Buffer.from(text, "latin1")
    .toString()
    .replace(/\?=\s+=\?/g, "?==?")
    .replace(/=\?[^?]+\?([bq])\?([^?]*)\?=/gi, (_word, encoding: string, content: string) =>
      encoding.toLowerCase() === "b"
        ? Buffer.from(content, "base64").toString()
        : decodeQuoted(content.replaceAll("_", " ")),
    );
}

function decodeQuoted(text: string): string {
  const bytes = text.replace(/=([\dA-F]{2})/gi, (_escape, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, "latin1").toString();
}
