import { randomBytes, randomUUID } from "node:crypto";

/** One e-mail address, with the name that is shown. */
export interface MailAddress {
  readonly name: string | undefined;
  /** ASCII, without spaces, brackets and control characters. */
  readonly address: string;
}

/** An e-mail that is a text. */
export interface TextMail {
  readonly from: MailAddress;
  readonly to: readonly MailAddress[];
  readonly subject: string;
  readonly date: Date;
  readonly text: string;
}

/** An e-mail whose text is Markdown, which is readable as it is, with the same as HTML. */
export interface MailContent extends TextMail {
  readonly html: string;
  readonly attachment: { readonly name: string; readonly html: string };
}

const ADDRESS = /^[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[A-Za-z\d][A-Za-z\d.-]{0,252}$/;
const NAMED_ADDRESS = /^([^<>\p{Cc}]{0,100})<([^<>\s]{1,320})>$/u;

/** Parses `team@shop.example`, or `Team <team@shop.example>`. */
export function parseMailAddress(text: string): MailAddress | undefined {
  const [, name = "", address = text] = NAMED_ADDRESS.exec(text.trim()) ?? [];
  const shown = name.trim().replace(/^"(.*)"$/, "$1");
  return ADDRESS.test(address.trim())
    ? { name: shown === "" ? undefined : shown, address: address.trim() }
    : undefined;
}

/**
 * Renders an e-mail (RFC 5322): a text, HTML, and a page as an attachment. All bodies are
 * base64, so no line is too long, and none begins with a dot.
 */
export function renderMail(content: MailContent): string {
  const { text, html, attachment } = content;
  const [outer, inner] = [boundary(), boundary()];
  const lines = [
    ...headersOf(content),
    `Content-Type: multipart/mixed; boundary="${outer}"`,
    "",
    `--${outer}`,
    `Content-Type: multipart/alternative; boundary="${inner}"`,
    "",
    `--${inner}`,
    ...entity(PLAIN_TEXT, text),
    `--${inner}`,
    ...entity("text/html; charset=utf-8", html),
    `--${inner}--`,
    `--${outer}`,
    ...entity(`text/html; charset=utf-8; name="${attachment.name}"`, attachment.html, [
      `Content-Disposition: attachment; filename="${attachment.name}"`,
    ]),
    `--${outer}--`,
    "",
  ];
  return lines.join("\r\n");
}

/** Renders an e-mail that is a text, in base64 as well. */
export function renderTextMail(content: TextMail): string {
  return [...headersOf(content), ...entity(PLAIN_TEXT, content.text), ""].join("\r\n");
}

const PLAIN_TEXT = "text/plain; charset=utf-8";

function headersOf({ from, to, subject, date }: TextMail): string[] {
  const domain = from.address.slice(from.address.lastIndexOf("@") + 1);
  return [
    `From: ${formatAddress(from)}`,
    `To: ${to.map(formatAddress).join(",\r\n ")}`,
    `Subject: ${encodeHeader(subject)}`,
    `Date: ${date.toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: <${randomUUID()}@${domain}>`,
    // No out-of-office reply is wanted (RFC 3834).
    "Auto-Submitted: auto-generated",
    "MIME-Version: 1.0",
  ];
}

function boundary(): string {
  return `telltale-${randomBytes(12).toString("hex")}`;
}

function entity(type: string, content: string, headers: readonly string[] = []): string[] {
  return [
    `Content-Type: ${type}`,
    "Content-Transfer-Encoding: base64",
    ...headers,
    "",
    ...(Buffer.from(content)
      .toString("base64")
      .match(/.{1,76}/g) ?? []),
  ];
}

function formatAddress({ name, address }: MailAddress): string {
  return name === undefined ? address : `${encodeHeader(name, true)} <${address}>`;
}

/** Bytes of an encoded word, so that it has at most 75 characters (RFC 2047). */
const WORD_BYTES = 42;

/** Encodes what is not plain ASCII as encoded words. */
function encodeHeader(text: string, isPhrase = false): string {
  const line = text.replace(/\p{Cc}+/gu, " ");
  if (/^[\x20-\x7e]{0,200}$/.test(line) && !line.includes("=?"))
    return isPhrase ? `"${line.replace(/["\\]/g, String.raw`\$&`)}"` : line;
  const words: string[] = [];
  let word = "";
  for (const character of line) {
    if (Buffer.byteLength(word + character) > WORD_BYTES) {
      words.push(word);
      word = "";
    }
    word += character;
  }
  return [...words, word]
    .map((one) => `=?utf-8?B?${Buffer.from(one).toString("base64")}?=`)
    .join("\r\n ");
}
