import assert from "node:assert/strict";
import { isSecretKey, redactPath, redactQuery, REDACTED } from "../src/secrets.ts";
import { targetOf } from "../src/http/url.ts";
import { harmlessQueryKeys, secretQueryKeys } from "./secret-keys.ts";

describe("Query keys", () => {
  it("are tested with at least 100 secret and 60 harmless ones", () => {
    assert.ok(new Set(secretQueryKeys).size >= 100, `${secretQueryKeys.length}`);
    assert.ok(new Set(harmlessQueryKeys).size >= 60, `${harmlessQueryKeys.length}`);
  });

  for (const key of secretQueryKeys) {
    it(`include the secret ${key}, also escaped and from the cache`, () => {
      for (const spelled of [key, key, encodeURIComponent(key), key.toUpperCase(), escaped(key)]) {
        assert.equal(isSecretKey(spelled), true, spelled);
        assert.equal(redactQuery(`a=1&${spelled}=xyz&b`), `a=1&${spelled}=${REDACTED}&b`);
      }
    });
  }

  for (const key of harmlessQueryKeys) {
    it(`include the harmless ${key}`, () => {
      for (const spelled of [key, key, encodeURIComponent(key)]) {
        assert.equal(isSecretKey(spelled), false, spelled);
        assert.equal(redactQuery(`${spelled}=xyz`), `${spelled}=xyz`);
      }
    });
  }

  it("are checked by their end where they are very long", () => {
    assert.equal(isSecretKey(`${"x".repeat(10_000)}_api_key`), true);
    assert.equal(isSecretKey(`${"x".repeat(10_000)}code`), false);
  });

  const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc";
  const back = (url: string): string => `next=${encodeURIComponent(url)}`;
  const rows: readonly (readonly [title: string, query: string, shown: string])[] = [
    ["a JSON web token by any key", `x=${jwt}`, "x=REDACTED"],
    ["a token of GitHub by any key", `x=ghp_${"a".repeat(36)}`, "x=REDACTED"],
    ["a token alone", `ghp_${"a".repeat(36)}`, "REDACTED"],
    ["a key with nothing behind it", "token=&a=1", "token=&a=1"],
    ["an equals sign in the value", "token=a=b&c=d", "token=REDACTED&c=d"],
    ["nothing", "", ""],
    ["no pairs", "abc", "abc"],
    ["a broken escape", "%zz=1&tok%65n=2", "%zz=1&tok%65n=REDACTED"],
    ["a URL with a token in its query", back("https://a/cb?b=1&token=x"), "next=REDACTED"],
    ["a path with a code in its query", back("/cb?code=12345678"), "next=REDACTED"],
    ["a URL with a password", back("postgres://bob:pw@db/shop"), "next=REDACTED"],
    ["a URL that isn't escaped", "next=https://bob:pw@host/x", "next=REDACTED"],
    ["a URL of a hook", back("https://hooks.slack.com/services/T0/B0/abc"), "next=REDACTED"],
    ["a URL in a URL", back(`/a?${back("/b?token=x")}`), "next=REDACTED"],
    ["a URL without secrets", back("https://a/cb?page=2"), back("https://a/cb?page=2")],
    ["an address of mail", "to=bob%40example.com", "to=bob%40example.com"],
  ];
  for (const [title, query, shown] of rows) {
    it(`redact ${title} correctly`, () => {
      assert.equal(redactQuery(query), shown);
    });
  }
});

const word = "Zk3vQ9xW7mP2bN5tR8yL";

describe("Paths", () => {
  const hidden: readonly (readonly [title: string, path: string, shown: string])[] = [
    ["Slack", `/services/T024BE7LD/B024BE7LH/${word}`, "/services/T024BE7LD/B024BE7LH/REDACTED"],
    ["Slack, letters", `/services/T0/B0/${"X".repeat(24)}`, "/services/T0/B0/REDACTED"],
    ["Slack's workflows", `/workflows/T0/A0/123/${word}`, "/workflows/T0/A0/REDACTED"],
    ["Telegram", `/bot123456:AA-b_c${word}/sendMessage`, "/botREDACTED/sendMessage"],
    ["Telegram's files", `/file/bot1:${word}/photos/1.jpg`, "/file/botREDACTED/photos/1.jpg"],
    ["Discord", `/api/webhooks/4711/${word}`, "/api/webhooks/4711/REDACTED"],
    [
      "Discord's answers",
      `/api/v10/interactions/4711/${word}/callback`,
      "/api/v10/interactions/4711/REDACTED/callback",
    ],
    [
      "Discord, edited",
      `/api/v10/webhooks/4711/${word}/messages/1`,
      "/api/v10/webhooks/4711/REDACTED/messages/1",
    ],
    ["Teams", "/webhookb2/a1b2@c3d4/IncomingWebhook/e5f6/a7b8", "/webhookb2/REDACTED"],
    ["Zapier", "/hooks/catch/1234567/abcdefg/", "/hooks/catch/REDACTED/REDACTED/"],
    ["Mattermost", `/hooks/${word.toLowerCase()}`, "/hooks/REDACTED"],
    ["Rocket.Chat", `/hooks/5f3a9c2b/${word}`, "/hooks/REDACTED/REDACTED"],
    ["IFTTT", `/trigger/alarm/with/key/${word}`, "/trigger/alarm/with/key/REDACTED"],
    ["a webhook of one's own", `/webhooks/stripe/${word}`, "/webhooks/stripe/REDACTED"],
    ["a reset", "/reset/4f9a2c", "/reset/REDACTED"],
    ["a reset of a password", `/users/password/reset/${word}`, "/users/password/reset/REDACTED"],
    ["a reset in one word", "/passwordReset/abc123", "/passwordReset/REDACTED"],
    ["a reset with dashes", "/reset-password/abc123/form", "/reset-password/REDACTED/form"],
    ["Django's reset", "/accounts/reset/MQ/cxk2ab-5f6e7d8c9b0a/", "/accounts/reset/MQ/REDACTED/"],
    ["a forgotten password", `/forgot-password/${word}`, "/forgot-password/REDACTED"],
    ["a verification", "/verify/123456", "/verify/REDACTED"],
    ["a verification of mail", `/auth/verify-email/${word}`, "/auth/verify-email/REDACTED"],
    ["a confirmation", `/users/confirmation/${word}`, "/users/confirmation/REDACTED"],
    ["an activation", `/activate/${word}`, "/activate/REDACTED"],
    ["an invitation", `/invitations/${word}/accept`, "/invitations/REDACTED/accept"],
    ["a magic link", `/login/magic-link/${word}`, "/login/magic-link/REDACTED"],
    ["an unsubscription", `/unsubscribe/${word}`, "/unsubscribe/REDACTED"],
    ["a token by its name", `/download/token/${word}/file`, "/download/token/REDACTED/file"],
    ["an API key by its name", `/v1/api_key/${word}`, "/v1/api_key/REDACTED"],
    ["a session in a parameter", "/cart;jsessionid=1A2B3C?", "/cart;jsessionid=REDACTED"],
    ["a password in a URL", "/proxy/https://bob:pw@host/x", "/proxy/https://REDACTED@host/x"],
    ["GitHub's token", `/x/ghp_${"a1".repeat(18)}/y`, "/x/REDACTED/y"],
    ["GitHub's fine-grained token", `/x/github_pat_${"a1".repeat(18)}`, "/x/REDACTED"],
    ["GitLab's token", `/api/v4/glpat-${word}`, "/api/v4/REDACTED"],
    ["a JSON web token", "/x/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "/x/REDACTED"],
    ["Stripe's key", `/x/sk_live_${word}`, "/x/REDACTED"],
    ["AWS's key id", "/x/AKIAIOSFODNN7EXAMPLE", "/x/REDACTED"],
    ["Slack's token", `/x/xoxb-2222-${word}`, "/x/REDACTED"],
  ];
  for (const [title, path, shown] of hidden) {
    it(`have no token of ${title}`, () => {
      const [bare = ""] = path.split("?");
      assert.equal(redactPath(bare), shown);
      const { url } = targetOf("http://localhost:8080", bare) ?? {};
      assert.equal(url, `http://localhost:8080${shown}`);
    });
  }

  const kept: readonly string[] = [
    ...["/", "*", "/orders/42", "/api/v1/orders/4711/items", "/healthz", "/.well-known/jwks.json"],
    ...["/orders/b3b6c1a0-1f5e-4a5c-9d1f-0a1b2c3d4e5f/lines", "/users/507f1f77bcf86cd799439011"],
    ...[
      "/reset",
      "/reset/request",
      "/password/reset",
      "/password/reset/done",
      "/presets/abc123def",
    ],
    ...["/verify/email", "/confirm", "/orders/confirm/42", "/invitations", "/invitations/accept"],
    ...["/webhooks/stripe", "/webhooks/github/push", "/hooks/useState", "/api/webhooks/4711"],
    ...["/services/orders/status", "/services/T-shirts", "/workflows/build/runs", "/robots.txt"],
    ...[
      "/bot",
      "/bots/42/messages",
      "/auth/login",
      "/auth/token",
      "/oauth/callback",
      "/token/refresh",
    ],
    ...["/session/new", "/sessions/42", "/keys/orders-created-2024", "/keyboard/layout/qwerty"],
    ...[
      "/static/app.3f9a2c1b.js",
      "/img/a;v=2/b.png",
      "/at/12:30/table/4",
      "/shop/skateboards-and-more",
    ],
    ...[
      "/sk-SK/produkty/42",
      "/blog/how-to-reset-your-password-in-10-steps",
      "/npm_modules/left-pad",
    ],
    ...[
      "/activities/2024-11-29",
      "/magician/tricks",
      "/packages/@scope/name/1.2.3",
      "/a/sha256:9f86d081",
    ],
  ];
  for (const path of kept) {
    it(`are unchanged: ${path}`, () => {
      assert.equal(redactPath(path), path);
    });
  }
});

describe("Redaction", () => {
  const pieces = [
    "token",
    "/reset",
    "://",
    "a",
    "%3a",
    "1",
    "api_",
    "set-",
    "/eyJ-",
    ";",
    "/;",
    "/bot1:",
  ];
  const looks: readonly ((text: string) => unknown)[] = [
    redactPath,
    redactQuery,
    (text) => redactQuery(`${text}=abcdefghijklmnop`),
    (text) => redactQuery(`a=${text}`),
    (text) => redactQuery(`next=${encodeURIComponent(`http://a/?b=${text}`)}`),
  ];
  for (const piece of pieces) {
    it(`takes linear time, also for repeated ${piece}`, () => {
      for (const look of looks) {
        const short = timeOf(look, piece.repeat(5_000 / piece.length));
        const long = timeOf(look, piece.repeat(80_000 / piece.length));
        // The text is sixteen times as long; quadratic time would be 256 times as long.
        assert.ok(long < 80 * Math.max(short, 0.5), `${short} ms, ${long} ms`);
      }
    });
  }
});

/** Escapes one letter, as clients may do. */
function escaped(key: string): string {
  const code = key.charCodeAt(0).toString(16).padStart(2, "0");
  return `%${code}${encodeURIComponent(key.slice(1))}`;
}

/** Measures CPU time, since other processes may use the machine. */
function timeOf(look: (text: string) => unknown, text: string): number {
  let best = Infinity;
  for (let run = 0; run < 3; run++) {
    const before = process.cpuUsage();
    look(text);
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}
