/** A text with a secret in it. */
export interface SecretForm {
  readonly what: string;
  /** @param word letters and digits that occur nowhere else */
  readonly text: (word: string) => string;
  /** The part that must not arrive; default: the word. */
  readonly secret?: (word: string) => string;
}

/** Returns a different text of letters and digits, like a token, for each number. */
export function wordOf(number: number): string {
  return `Zq${number.toString(36).padStart(8, "0")}x4Kd`;
}

/** Returns all such words in a text. */
export const WORD: RegExp = /Zq[0-9a-z]{8}x4Kd/g;

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const token = (word: string): string =>
  [{ alg: "HS256" }, { sub: word }].map((part) => base64(JSON.stringify(part))).join(".") +
  `.${word}`;
const upper = (word: string, length: number): string =>
  word.toUpperCase().padEnd(length, "Q").slice(-length);
/** Returns digits that are unique to the word. */
const digits = (word: string, length: number): string =>
  String(Number.parseInt(word.slice(2, 10), 36)).padStart(length, "0");
const card = (first: string, groups: readonly number[], gap: string) => (word: string) => {
  const length = groups.reduce((sum, group) => sum + group, 0);
  const number = first + digits(word, length - first.length);
  let at = 0;
  return groups.map((group) => number.slice(at, (at += group))).join(gap);
};
const pem = (kind: string, word: string): string =>
  `-----BEGIN ${kind}-----\nMIIEvQIBADAN\n${word}\nBgkqhkiG9w0B\n-----END ${kind}-----`;

/** Secret query keys, compared by the test. */
export function queryForms(keys: Iterable<string>): readonly SecretForm[] {
  return [...keys].flatMap((key) => [
    {
      what: `?${key}= in a URL`,
      text: (word: string) => `GET https://shop.example.com/cb?page=2&${key}=${word} HTTP/1.1`,
    },
    { what: `${key}= in a query`, text: (word: string) => `${key}=${word}&page=2` },
  ]);
}

const texts: readonly SecretForm[] = [
  { what: "a bearer token", text: (word) => `Bearer ${word}` },
  { what: "a bearer token in a sentence", text: (word) => `sent Bearer ${word}, got 401` },
  {
    what: "basic credentials",
    text: (word) => `Basic ${base64(`bob:${word}`)}`,
    secret: (word) => base64(`bob:${word}`),
  },
  { what: "another scheme of Authorization", text: (word) => `Authorization: Token ${word}` },
  { what: "Proxy-Authorization", text: (word) => `Proxy-Authorization: Digest x=${word}` },
  { what: "raw headers", text: (word) => `["Host","shop","Authorization","Token ${word}"]` },
  { what: "a cookie", text: (word) => `Cookie: theme=dark; connect=${word}` },
  { what: "a cookie that is set", text: (word) => `Set-Cookie: connect=${word}; HttpOnly` },
  { what: "an API key's header", text: (word) => `X-Api-Key: ${word}` },
  { what: "a JSON web token", text: token },
  { what: "a JSON web token in a path", text: (word) => `GET /reset/${token(word)}` },
  { what: "a URL's password", text: (word) => `https://bob:${word}@shop.example.com/orders` },
  { what: "a URL's password without a user", text: (word) => `redis://:${word}@cache:6379/0` },
  { what: "a URL's user", text: (word) => `https://${word}@shop.example.com/orders` },
  { what: "a URL's password with a slash", text: (word) => `postgres://bob:pa/${word}@db/shop` },
  { what: "a form's password", text: (word) => `user=bob&user_password=${word}` },
  {
    what: "a connection string",
    text: (word) => `Server=db;User Id=sa;Password=${word};Encrypt=true`,
  },
  { what: "a quoted setting", text: (word) => `psql "host=db password='${word} too' user=bob"` },
  { what: "a variable", text: (word) => `DB_PASSWORD=${word} node app.js` },
  { what: "AWS's secret key", text: (word) => `AWS_SECRET_ACCESS_KEY=${word}/abc aws s3 ls` },
  { what: "Azure's account key", text: (word) => `AccountName=shop;AccountKey=${word}==;Suffix=x` },
  { what: "a property", text: (word) => `spring.datasource.password=${word}` },
  { what: "SQL's literal", text: (word) => `UPDATE users SET password = '${word}' WHERE id = 47` },
  { what: "SQL's new password", text: (word) => `ALTER USER bob WITH PASSWORD '${word}'` },
  { what: "MySQL's new user", text: (word) => `CREATE USER bob IDENTIFIED BY '${word}'` },
  { what: "a sentence", text: (word) => `login failed with password: ${word}` },
  { what: "JSON", text: (word) => `{"user":"bob","password":"${word}"}` },
  { what: "JSON in camel case", text: (word) => `{"clientSecret": "${word}", "id": 1}` },
  { what: "JSON in JSON", text: (word) => JSON.stringify({ body: `{"api_key":"${word}"}` }) },
  { what: "a list in JSON", text: (word) => `{"tokens":1,"token":["${word}","b"]}` },
  { what: "a private key", text: (word) => pem("PRIVATE KEY", word) },
  { what: "an RSA key", text: (word) => pem("RSA PRIVATE KEY", word) },
  { what: "a cut OpenSSH key", text: (word) => pem("OPENSSH PRIVATE KEY", word).slice(0, -30) },
  { what: "a PGP key", text: (word) => pem("PGP PRIVATE KEY BLOCK", word) },
  {
    what: "a key on one line",
    text: (word) => `KEY=${JSON.stringify(pem("EC PRIVATE KEY", word))}`,
  },
  {
    what: "AWS's key id",
    text: (word) => `as AKIA${upper(word, 16)}`,
    secret: (word) => upper(word, 16),
  },
  {
    what: "AWS's short-lived key id",
    text: (word) => `ASIA${upper(word, 16)}`,
    secret: (word) => upper(word, 16),
  },
  { what: "GitHub's token", text: (word) => `ghp_${word.padEnd(36, "0")}` },
  {
    what: "GitHub's fine-grained token",
    text: (word) => `github_pat_11AB_${word.padEnd(40, "0")}`,
  },
  { what: "GitLab's token", text: (word) => `glpat-${word.padEnd(20, "0")}` },
  { what: "npm's token", text: (word) => `npm_${word.padEnd(36, "0")}` },
  { what: "Slack's bot token", text: (word) => `xoxb-2222-${word}` },
  { what: "Slack's app token", text: (word) => `xapp-1-A0-${word}` },
  { what: "Slack's webhook", text: (word) => `https://hooks.slack.com/services/T0/B0/${word}` },
  { what: "Slack's workflow", text: (word) => `https://hooks.slack.com/workflows/T0/A0/1/${word}` },
  {
    what: "Discord's webhook",
    text: (word) => `POST https://discord.com/api/v10/webhooks/4711/${word}/messages`,
  },
  {
    what: "Teams' webhook",
    text: (word) => `https://acme.webhook.office.com/webhookb2/a1@b2/IncomingWebhook/${word}/c3`,
  },
  {
    what: "Telegram's bot",
    text: (word) => `https://api.telegram.org/bot123456:AA${word.padEnd(30, "0")}/getMe`,
  },
  { what: "Stripe's live key", text: (word) => `sk_live_${word}` },
  { what: "Stripe's restricted key", text: (word) => `rk_test_${word}` },
  { what: "Stripe's webhook secret", text: (word) => `whsec_${word.padEnd(24, "0")}` },
  { what: "Google's API key", text: (word) => `AIza${word.padEnd(35, "0")}` },
  { what: "Google's access token", text: (word) => `ya29.${word.padEnd(24, "0")}` },
  { what: "Google's client secret", text: (word) => `GOCSPX-${word.padEnd(28, "0")}` },
  { what: "OpenAI's key", text: (word) => `sk-proj-${word.padEnd(40, "0")}` },
  { what: "Anthropic's key", text: (word) => `sk-ant-api03-${word.padEnd(40, "0")}` },
  { what: "SendGrid's key", text: (word) => `SG.${word.padEnd(22, "0")}.${word.padEnd(43, "0")}` },
];

/** Payment card numbers, which are secret as a whole. */
const cards: readonly SecretForm[] = [
  { what: "a Visa card", text: card("4", [16], "") },
  { what: "a Visa card in groups", text: card("4", [4, 4, 4, 4], " ") },
  { what: "a Mastercard", text: card("52", [4, 4, 4, 4], "-") },
  { what: "an American Express card", text: card("37", [4, 6, 5], " ") },
  { what: "a Discover card", text: card("6011", [4, 4, 4, 4], "-") },
].map(({ what, text }) => ({ what, text, secret: text }));

/** Texts with secrets in all positions. */
export const secretForms: readonly SecretForm[] = [...texts, ...cards];

/** Texts that are no secrets, but don't belong in `db.query.text`. */
export const literalForms: readonly SecretForm[] = [
  { what: "SQL's values", text: (word) => `INSERT INTO users VALUES ('bob', 'it''s ${word}')` },
  { what: "a search for a user", text: (word) => `SELECT id FROM users WHERE name = '${word}'` },
];

/** Keys of attributes and fields whose values are always secret. */
export const secretKeys: readonly string[] = [
  ...["password", "user.password", "userPassword", "db_passwd", "smtp-pwd", "passphrase"],
  ...["password_hash", "passwordConfirmation", "http.request.header.authorization"],
  ...["http.request.header.proxy-authorization", "http.request.header.cookie"],
  ...["http.response.header.set-cookie", "http.request.header.x-api-key", "api_key", "apiKey"],
  ...["stripeApiKey", "client_secret", "webhookSecret", "aws.secret_access_key", "private.key"],
  ...["signing-key", "access_token", "accessToken", "refresh_token", "id_token", "auth.token"],
  ...["token", "x-csrf-token", "jwt", "otp", "cvv", "ssn", "iban", "aws.credentials"],
];

/** Texts that resemble secrets, and must arrive unchanged. */
export const harmlessTexts: readonly string[] = [
  "b3b6c1a0-1f5e-4a5c-9d1f-0a1b2c3d4e5f",
  // The digits of a payment card, with other gaps or as a fraction.
  "43003556-0289-4498-a1d4-6111f6011036",
  "00003556-4289-4498-8134-611166011036",
  "0.4442417603172364",
  "4bf92f3577b34da6a3ce929d0e0e4736",
  "00f067aa0ba902b7",
  "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  "/orders/:id",
  "POST /auth/token",
  "GET /.well-known/jwks.json",
  "order 4711 of 12",
  "1763700000000000",
  "2026-11-21T07:10:49.123Z",
  "basic authentication failed",
  "Bearer authentication is needed",
  "a Basic plan, a bearer of news",
  "password reset requested by mail",
  "password: ",
  "the token expired, the cookie too",
  "SyntaxError: Unexpected token: }",
  "max_tokens=100 pass=3 fail=0",
  "exit code=1 key=orders",
  "SELECT id FROM users WHERE password = $1 AND token = ?",
  "https://shop.example.com:8443/orders?page=2&sort=key&encode=a",
  "https://cdn.example.com/@scope/pkg@1.2.3/index.js",
  "http://127.0.0.1:8080/mail?to=bob@shop.example.com",
  "redis://cache:6379/0",
  "/search?sort_key=name&monkey=see&keyboard=qwerty&country_code=de&max_tokens=3&author=bob",
  "https://discord.com/api/v10/webhooks/4711 and /robots/17",
  "http://[::1]:4318/v1/traces",
  "mailto:bob@shop.example.com",
  "file:///srv/app/node_modules/@scope/auth/token.js:12:5",
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36",
  "npm_config_registry and sk-SK and task-queue-of-the-orders-service",
  "eyJwYWdlIjoyfQ==",
  '{"orderId":"4711","routing_key":"orders.created","input_tokens":100}',
  "-----BEGIN PUBLIC KEY-----",
  "AKIA is how they begin",
  "tracestate: ot=th:8;rv:9b8233f7e3a151",
  "monkey, keyboard, passenger, secretary",
];

/** Attributes with keys that resemble those of secrets. */
export const harmlessAttributes: Readonly<Record<string, string | number>> = {
  "session.id": "b3b6c1a0-1f5e-4a5c-9d1f-0a1b2c3d4e5f",
  "gen_ai.usage.input_tokens": 4111,
  "messaging.kafka.message.key": "orders-1",
  "messaging.rabbitmq.destination.routing_key": "orders.created",
  "http.response.status_code": 200,
  "exception.type": "TokenExpiredError",
  "order.author": "bob",
  "order.at": 1_763_700_000_000,
  "order.number": 1_763_700_000_000_000,
  "passenger.count": 3,
  "cookie.consent": "yes",
  "token.count": 12,
};
