/** What shows that a text is a secret: the name of its field, its own form, or a pattern of the user. */
export type SecretSign = "name" | "form" | "pattern";

export type SecretKind =
  | "field"
  | "assignment"
  | "credentials"
  | "url"
  | "token"
  | "private key"
  | "card number"
  | "iban"
  | "email address"
  | "ip address"
  | "pattern";

interface KindRow {
  readonly kind: SecretKind;
  readonly sign: SecretSign;
  /** Columns of the table in the documentation. */
  readonly what: string;
  readonly examples: string;
}

/** The kinds of secrets, in the order of the documentation. */
export const secretKinds: readonly KindRow[] = [
  {
    kind: "field",
    sign: "name",
    what: "values of fields with the name of a secret, at any depth",
    examples:
      "`password`, `apiKey`, `x-csrf-token`, `session_id`, `card_number`, `pin`; not `public_key`, `token_count`, `hasPassword: true`",
  },
  {
    kind: "assignment",
    sign: "name",
    what: "the same in texts",
    examples: '`password=…`, `"apiKey":"…"`, `--token …`, `Cookie: …`, `?code=…`',
  },
  {
    kind: "credentials",
    sign: "form",
    what: "credentials of HTTP",
    examples: "`Bearer …`, `Basic …`",
  },
  {
    kind: "url",
    sign: "form",
    what: "parts of URLs",
    examples:
      "`https://bob:…@host`, tokens of webhooks and of links sent by mail, values of keys such as `X-Amz-Signature`",
  },
  {
    kind: "token",
    sign: "form",
    what: "tokens by their form",
    examples:
      "JSON web tokens; keys of AWS, GitHub, GitLab, Google, npm, OpenAI, Slack, Stripe and others",
  },
  {
    kind: "private key",
    sign: "form",
    what: "private keys",
    examples: "`-----BEGIN PRIVATE KEY-----`",
  },
  {
    kind: "card number",
    sign: "form",
    what: "numbers of payment cards, with a valid check digit, in groups or not",
    examples: "`4111 1111 1111 1111`",
  },
  {
    kind: "iban",
    sign: "form",
    what: "IBANs, with valid check digits, in groups or not",
    examples: "`GB82 WEST 1234 5698 7654 32`",
  },
  {
    kind: "email address",
    sign: "form",
    what: "addresses of mail, if `TELLTALE_REDACT` has `email`",
    examples: "`bob@example.com`",
  },
  {
    kind: "ip address",
    sign: "form",
    what: "IP addresses, if `TELLTALE_REDACT` has `ip`",
    examples: "`10.0.0.7`, `2001:db8::1`",
  },
  {
    kind: "pattern",
    sign: "pattern",
    what: "what matches a regular expression of yours",
    examples: "`TELLTALE_REDACT=/EMP-\\d{6}/`",
  },
];

/** A secret within a text: from its first character to the one after its last. */
export interface Secret {
  readonly kind: SecretKind;
  readonly from: number;
  readonly to: number;
  /** What replaces it, if not `REDACTED`. */
  readonly replacement?: string;
}
