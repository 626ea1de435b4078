/** A secret, and texts in which it occurs. `*` stands for the secret. */
export interface PlantedSecret {
  readonly kind: string;
  readonly secret: string;
  readonly texts: readonly string[];
}

const word = "Zk3vQ9xW7mP2bN5tR8yL";
const hex = "9f86d081884c7d659a2feaa0c55ad015";
const jwt = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.${word}`;
const pem = `MIIEpAIBAAKCAQEA${word}`;

/** Places in which a token is recognized by its form. */
const anywhere: readonly string[] = ["*", "token * was rejected", '{"value":"*"}', "a=*;b=1"];

/** Places in which a password is recognized by the name beside it. */
const named = (name: string): readonly string[] => [
  `${name}=*`,
  `login failed: ${name}: "*"`,
  `{"${name}":"*","a":1}`,
  `{\\"${name}\\":\\"*\\"}`,
];

/** Secrets of all kinds. None of them was ever valid. */
export const plantedSecrets: readonly PlantedSecret[] = [
  { kind: "password", secret: "hunter2!", texts: [...named("password"), "--password *"] },
  { kind: "user password", secret: "correct-horse9", texts: named("user_password") },
  { kind: "passphrase", secret: "open-sesame-1", texts: named("passphrase") },
  { kind: "pin", secret: "80513942", texts: ["pin=*", '{"pin":"*"}', "userPin: '*'"] },
  { kind: "one-time password", secret: "492039", texts: named("otp") },
  { kind: "client secret", secret: word, texts: named("client_secret") },
  { kind: "api key", secret: hex, texts: [...named("apiKey"), "x-api-key: *"] },
  { kind: "access token", secret: hex, texts: [...named("access_token"), "?access_token=*&a=1"] },
  { kind: "refresh token", secret: `${word}-r`, texts: named("refreshToken") },
  { kind: "csrf token", secret: `c.${word}`, texts: named("csrf_token") },
  { kind: "session id", secret: `s%3A${word}`, texts: [...named("session_id"), "connect.sid=*"] },
  {
    kind: "cookie",
    secret: `sid=${word}; theme=dark`,
    texts: ["Cookie: *", "set-cookie: *\nnext"],
  },
  {
    kind: "bearer",
    secret: `${word}.x-1`,
    texts: ["Authorization: Bearer *", "Bearer *", "'bearer *'"],
  },
  {
    kind: "basic",
    secret: "dXNlcjpodW50ZXIy",
    texts: ["authorization: Basic *", "Basic * was refused"],
  },
  { kind: "JSON web token", secret: jwt, texts: anywhere },
  { kind: "GitHub", secret: `ghp_${word}${word.slice(0, 16)}`, texts: anywhere },
  { kind: "GitHub, fine-grained", secret: `github_pat_${word}_${word}`, texts: anywhere },
  { kind: "GitLab", secret: `glpat-${word}`, texts: anywhere },
  { kind: "Slack", secret: `xoxb-2222-${word}`, texts: anywhere },
  {
    kind: "Slack's webhook",
    secret: word,
    texts: ["https://hooks.slack.com/services/T024BE7LD/B024BE7LH/*"],
  },
  {
    kind: "Discord's webhook",
    secret: word,
    texts: ["POST https://discord.com/api/webhooks/4711/* failed"],
  },
  { kind: "Stripe", secret: `sk_live_${word}`, texts: anywhere },
  { kind: "Stripe's webhook", secret: `whsec_${word}`, texts: anywhere },
  { kind: "AWS key id", secret: "AKIAIOSFODNN7EXAMPLE", texts: anywhere },
  {
    kind: "AWS secret key",
    secret: `wJalrXUtnFEMI/K7MDENG/bPxRfiCY${word}`,
    texts: ["aws_secret_access_key = *", 'secretAccessKey: "*"'],
  },
  { kind: "Google API key", secret: `AIza${word}${word.slice(0, 15)}`, texts: anywhere },
  { kind: "Google access token", secret: `ya29.${word}-x`, texts: anywhere },
  { kind: "SendGrid", secret: `SG.${word}ab.${word}`, texts: anywhere },
  { kind: "npm", secret: `npm_${word}${word.slice(0, 16)}`, texts: anywhere },
  { kind: "OpenAI", secret: `sk-${word}${word}`, texts: anywhere },
  { kind: "Hugging Face", secret: `hf_${word}${word.slice(0, 12)}`, texts: anywhere },
  { kind: "Shopify", secret: `shpat_${hex}`, texts: anywhere },
  { kind: "DigitalOcean", secret: `dop_v1_${hex}`, texts: anywhere },
  { kind: "PyPI", secret: `pypi-${word}${word}`, texts: anywhere },
  {
    kind: "Telegram's bot",
    secret: `bot123456:AA-b_c${word}`,
    texts: ["*", "https://api.telegram.org/*/sendMessage"],
  },
  {
    kind: "private key",
    secret: pem,
    texts: [
      "-----BEGIN RSA PRIVATE KEY-----\n*\n-----END RSA PRIVATE KEY-----",
      "-----BEGIN PRIVATE KEY-----\\n*\\n-----END PRIVATE KEY-----\\n",
      "x -----BEGIN OPENSSH PRIVATE KEY-----\n*",
    ],
  },
  {
    kind: "card",
    secret: "4111111111111111",
    texts: ["*", "card * declined", '{"n":"*"}', "paid with *, 12 EUR"],
  },
  { kind: "card in groups", secret: "5555 5555 5555 4444", texts: ["*", "card * declined", '"*"'] },
  { kind: "card with dashes", secret: "3782-822463-10005", texts: ["*", "card * declined"] },
  { kind: "IBAN", secret: "DE89370400440532013000", texts: ["*", "to * today", '{"account":"*"}'] },
  { kind: "IBAN in groups", secret: "GB82 WEST 1234 5698 7654 32", texts: ["*", "to *.", '"*"'] },
  {
    kind: "password in a URL",
    secret: "p%40ss-word",
    texts: [
      "postgres://bob:*@db:5432/shop",
      "connect to redis://:*@cache failed",
      '"mongodb+srv://bob:*@cluster/x?w=1"',
    ],
  },
  {
    kind: "connection string",
    secret: "AbC/1+2==",
    texts: ["Server=db;User=sa;Password=*;Encrypt=true", "AccountName=a;AccountKey=*;x=1"],
  },
  {
    kind: "signed URL",
    secret: hex,
    texts: ["https://b.s3.amazonaws.com/k?X-Amz-Signature=*&a=1", "GET /f?sig=* HTTP/1.1"],
  },
  {
    kind: "code in a callback",
    secret: "4/0AX4XfWh",
    texts: ["GET /callback?code=*&state=1 HTTP/1.1"],
  },
  { kind: "link of a mail", secret: word, texts: ["https://shop.example/reset-password/*"] },
  {
    kind: "environment",
    secret: word,
    texts: ["SENTRY_AUTH_TOKEN=*", "export DB_PASSWORD='*'", "JWT_SECRET: *"],
  },
];

/** Texts that look like secrets and are none. They stay as they are. */
export const harmlessTexts: readonly string[] = [
  ...["", "a", "ok", "order 4711 placed by user 42 in 12 ms", "GET /orders/4711 200 12 ms"],
  ...["Unexpected token: }", "Unexpected token < in JSON at position 0", "token expired"],
  ...["invalid password: must be 8 characters", "password reset requested", "wrong password"],
  ...["password: null", '{"password":null}', '{"hasPassword":true}', "password=", "pin: ***"],
  ...["Basic understanding of bearer certificates", "the bearer of bad news", "Basic plan"],
  ...["token bucket is empty", "Token Ring", "digest mismatch", "negotiate the price"],
  ...["key: value", "primary key: 12", "code: ECONNRESET", "error code: 1062", "sort_key=name"],
  ...["exit code 1", "status_code=404", "country_code=DE", "zip_code: 10115", "sign: plus"],
  ...["public_key=abc", "routing_key=orders.created", "partition_key: 7", "cache_key=user:42"],
  ...["idempotency_key=abc-1", "foreign_key=order_id", "keyboard: qwerty", "monkey=see"],
  ...["author=bob", "author: bob", "authority=local", "auth_type=oauth2", "authenticated=true"],
  ...["session_count=3", "sessions: 12", "sessions=12", "tokens: 15", "max_tokens=1024"],
  ...[
    "input_tokens=12",
    "token_count: 5",
    "token_type=Bearer",
    "secretary: Ann",
    "secret_santa=yes",
  ],
  ...["compass: north", "passenger=bob", "bypass=true", "passport_office=Berlin", "pass_rate=0.9"],
  ...["spin: 3", "pinned=true", "shipping: DHL", "opinion=none", "sidebar=left", "sid_count=1"],
  ...["cookie_consent=true", "cookies enabled", "card_type=visa", "discard=true", "credits=12"],
  ...["design: new", "assign: bob", "signature_version=4", "signal=SIGTERM", "sigma=0.5"],
  ...["4111111111111112", "1234567890123456", "1700000000000", "2026-11-29T12:00:00.000Z"],
  ...["+49 30 1234567890", "0000 0000 0000 0000", "9999999999999999", "12345678901234567890"],
  ...["order 1000-2000-3000-4000", "sku 5555-1234-9876-0000", "4111 1111 1111", "v4.11.1"],
  ...["a8b9c0d1-e2f3-4455-6677-8899aabbccdd", "4bf92f3577b34da6a3ce929d0e0e4736"],
  ...["00f067aa0ba902b7", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "req_1a2b3c"],
  ...["da39a3ee5e6b4b0d3255bfef95601890afd80709", "sha256:9f86d081884c7d659a2feaa0c55ad015"],
  ...["DE89370400440532013001", "GB82 WEST 1234 5698 7654 33", "DE12", "AT THE END", "NO12 345"],
  ...[
    "eyJ",
    "eyJhbGciOiJIUzI1NiJ9",
    "ghp_short",
    "sk-learn",
    "sk-SK",
    "SG.1",
    "xoxo",
    "npm_config_x=1",
  ],
  ...["AKIA", "ASIA is a continent", "AIza", "hf_model", "glpat", "pypi-mirror", "botanic: garden"],
  ...["-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "-----BEGIN PUBLIC KEY-----"],
  ...["----- a line -----", "--verbose true", "--token-type jwt", "-p 8080", "--author bob"],
  ...["http://localhost:3000/orders?page=2&sort=name", "https://example.com/a/b#c", "a://b"],
  ...["mailto:bob@example.com", "bob@example.com", "@decorator"],
  ...["file:///etc/hosts", "redis://cache:6379/0", "postgres://db:5432/shop", "ws://a/b?x=1"],
  ...["/api/orders/4711", "/services/list", "/reset", "/verify", "/webhooks", "/hooks/useState"],
  ...["at Object.<anonymous> (/app/src/index.js:10:15)", "node:internal/modules/cjs/loader:1554"],
  ...["TypeError: Cannot read properties of undefined (reading 'token')", "x is not a function"],
  ...["SELECT * FROM users WHERE id = ?", "SET key value", "INSERT INTO t (a, b) VALUES (?, ?)"],
  ...["duplicate key value violates unique constraint", "Key (id)=(1) already exists."],
  ...["12:30:45", "a: b: c", "x=y=z", "a=>b", "(x) => x + 1", "{}", "[]", '{"a":[1,2,{"b":"c"}]}'],
  ...["ratio: 0.5", "100%", "1,234.56", "-12", "1e10", "0x1F", "NaN", "null", "undefined", "true"],
  ...[
    "Größe: 12 cm",
    "日本語のログ",
    "😀 done",
    "naïve café",
    "\u0000\u0001",
    "\ud800",
    "tab\there",
  ],
  ...["user=bob", "username: bob", "email=bob", "client_id=web", "grant_type=password"],
  ...["scope=openid profile", "redirect_uri=/cb", "state=abc", "code_challenge_method=S256"],
  ...["expires=3600", "X-Amz-Date=20261129", "X-Amz-Algorithm=AWS4-HMAC-SHA256", "etag: W/abc"],
  ...["GET", "POST /login 401", "401 Unauthorized", "403 Forbidden", "auth failed", "login ok"],
  ...[
    "connection reset by peer",
    "ECONNREFUSED 127.0.0.1:5432",
    "ETIMEDOUT",
    "getaddrinfo ENOTFOUND db",
  ],
  ...["heap: 12 MB", "rss=120", "uptime: 3 days", "pid=4711", "tid: 1", "cpu 12%", "load 0.5"],
  ...[
    "retry in 5 s",
    "attempt 2 of 3",
    "queue=mail",
    "job 12 done",
    "cache hit",
    "cache miss: user",
  ],
];
