import assert from "node:assert/strict";
import { parseAuthority, targetOf } from "../../src/http/url.ts";

const ORIGIN = "http://shop.example:8080";

/** Origin and path of a call, and the URL of its span. */
const urls: readonly (readonly [title: string, origin: string, path: string, url: string])[] = [
  ["a path", ORIGIN, "/orders", `${ORIGIN}/orders`],
  ["the root", ORIGIN, "/", `${ORIGIN}/`],
  ["an empty path", ORIGIN, "", `${ORIGIN}/`],
  ["an origin with a slash", `${ORIGIN}/`, "/orders", `${ORIGIN}/orders`],
  ["a query", ORIGIN, "/orders?page=2&sort=name", `${ORIGIN}/orders?page=2&sort=name`],
  ["an empty query", ORIGIN, "/orders?", `${ORIGIN}/orders`],
  ["a query without a path", ORIGIN, "?page=2", `${ORIGIN}/?page=2`],
  ["a fragment", ORIGIN, "/orders#secret", `${ORIGIN}/orders`],
  ["a fragment after a query", ORIGIN, "/orders?page=2#secret", `${ORIGIN}/orders?page=2`],
  ["a secret key", ORIGIN, "/orders?token=abc&page=2", `${ORIGIN}/orders?token=REDACTED&page=2`],
  ["a secret key in capitals", ORIGIN, "/?API_KEY=abc", `${ORIGIN}/?API_KEY=REDACTED`],
  ["an escaped secret key", ORIGIN, "/?api%5Fkey=abc", `${ORIGIN}/?api%5Fkey=REDACTED`],
  ["a repeated secret key", ORIGIN, "/?sig=1&sig=2", `${ORIGIN}/?sig=REDACTED&sig=REDACTED`],
  ["a token among the values", ORIGIN, `/?x=ghp_${"a".repeat(36)}`, `${ORIGIN}/?x=REDACTED`],
  [
    "the path of a webhook",
    "https://hooks.slack.com",
    "/services/T0/B0/abc",
    "https://hooks.slack.com/services/T0/B0/REDACTED",
  ],
  ["the absolute form", ORIGIN, "https://other.example/a", "https://other.example/a"],
  ["the absolute form in capitals", ORIGIN, "HTTPS://Other.example/a", "https://other.example/a"],
  [
    "the absolute form with user info",
    ORIGIN,
    "http://bob:pw@other.example/a",
    "http://REDACTED:REDACTED@other.example/a",
  ],
  ["an origin with user info", "http://bob:pw@db", "/a", "http://REDACTED:REDACTED@db/a"],
  ["an origin with a user alone", "http://bob@db", "/a", "http://REDACTED:REDACTED@db/a"],
  ["a path that looks like user info", ORIGIN, "/@bob", `${ORIGIN}/@bob`],
  ["a path of two slashes", ORIGIN, "//other.example/a", `${ORIGIN}//other.example/a`],
  ["the default port of https", "https://shop.example:443", "/a", "https://shop.example/a"],
  ["IPv6", "http://[::1]:8080", "/a", "http://[::1]:8080/a"],
  ["spaces and quotes", ORIGIN, "/a b?c='d'", `${ORIGIN}/a%20b?c=%27d%27`],
];

/** Origin of a call, and the address and the port of its target. */
const addresses: readonly (readonly [origin: string, address: string, port: number])[] = [
  ["http://shop.example", "shop.example", 80],
  ["https://shop.example", "shop.example", 443],
  ["http://shop.example:443", "shop.example", 443],
  ["http://SHOP.example:8080", "shop.example", 8080],
  ["http://127.0.0.1:8080", "127.0.0.1", 8080],
  ["http://[::1]:8080", "::1", 8080],
  ["https://[2001:db8::1]", "2001:db8::1", 443],
  ["http://müller.example", "xn--mller-kva.example", 80],
];

describe("The target of a call", () => {
  for (const [title, origin, path, url] of urls) {
    it(`has a URL without secrets for ${title}`, () => {
      assert.equal(targetOf(origin, path)?.url, url);
    });
  }

  for (const [origin, address, port] of addresses) {
    it(`of ${origin} is ${address}, port ${port}`, () => {
      const target = targetOf(origin, "/");
      assert.deepEqual([target?.address, target?.port], [address, port]);
    });
  }

  it("is the origin where the path does not make a URL with it", () => {
    assert.equal(targetOf(ORIGIN, "*")?.url, `${ORIGIN}/`);
  });

  it("is undefined for an invalid origin", () => {
    assert.equal(targetOf("", "/orders"), undefined);
    assert.equal(targetOf("http://a b", "/orders"), undefined);
  });
});

/** Values of `Host` and `:authority`, as address and port. */
const authorities: readonly (readonly [string, address: string, port: number | undefined])[] = [
  ["shop.example", "shop.example", undefined],
  ["shop.example:8080", "shop.example", 8080],
  ["127.0.0.1:80", "127.0.0.1", 80],
  ["[::1]", "::1", undefined],
  ["[::1]:8080", "::1", 8080],
  ["", "", undefined],
  [":8080", "", 8080],
  ["shop.example:", "shop.example:", undefined],
  ["shop.example:http", "shop.example:http", undefined],
  ["shop.example:123456", "shop.example:123456", undefined],
  ["a:1:2", "a:1:2", undefined],
];

describe("An authority", () => {
  for (const [authority, address, port] of authorities) {
    it(`${JSON.stringify(authority)} has address ${JSON.stringify(address)} and port ${port}`, () => {
      assert.deepEqual(parseAuthority(authority), { address, port });
    });
  }
});
