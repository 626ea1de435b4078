import assert from "node:assert/strict";
import { resolve } from "node:path";
import type { ValueIssue } from "../../src/config/issue.ts";
import {
  parseAlertUrl,
  parseOrgUrl,
  parseProfileDestination,
  parseSpotlight,
  parseTraceUrl,
} from "../../src/config/link-urls.ts";
import { harmlessQueryKeys, secretQueryKeys } from "../secret-keys.ts";

const base = "https://grafana.example";

const validTraceUrls = [
  `${base}/explore?trace={trace_id}`,
  "http://localhost:16686/trace/{trace_id}?uiFind={span_id}",
  `${base}/a/{service}/{trace_id}/{span_id}?at={timestamp}`,
  `${base}/explore?panes={"t":{"datasource":"tempo","queries":[{"query":"{trace_id}"}]}}`,
  "https://ui.example/#/traces/{trace_id}",
  "https://[::1]:3000/{trace_id}{trace_id}",
  `${base}/explore?orgId=1&sort_by=key&monkey_id=2&trace={trace_id}`,
  `${base}/explore?key={trace_id}`,
  `${base}/explore?token=&trace={trace_id}`,
  `${base}/explore?schemaVersion=1&panes={"t":{"datasource":"tempo","queries":[{"refId":"A","queryType":"traceql","query":"{trace_id}"}]}}`,
  ...harmlessQueryKeys.map((key) => `${base}/{trace_id}?${key}=abc`),
];

const NOT_HTTP = "it does not begin with https:// or http:// and a host";
const SECRET = "a parameter may be a secret";
const USER = "it contains a user or password";
const TOKEN = "it may contain a token";

const invalidTraceUrls: readonly (readonly [text: string, problem: string])[] = [
  [`${base}/explore`, "{trace_id} is missing"],
  [`${base}/{traceId}`, "{traceId} is not known"],
  [`${base}/{trace_id}/{user}`, "{user} is not known"],
  ["grafana.example/{trace_id}", NOT_HTTP],
  ["/explore/{trace_id}", NOT_HTTP],
  ["https:grafana.example/{trace_id}", NOT_HTTP],
  ["https:///{trace_id}", NOT_HTTP],
  ["https://grafana.example:99999/{trace_id}", NOT_HTTP],
  ["javascript:alert('{trace_id}')", NOT_HTTP],
  ["data:text/html,{trace_id}", NOT_HTTP],
  ["ftp://files.example/{trace_id}", NOT_HTTP],
  [`${base}/a b/{trace_id}`, NOT_HTTP],
  [`${base}/\n{trace_id}`, NOT_HTTP],
  ["https://{service}.example/{trace_id}", "the host has a placeholder"],
  ["https://{trace_id}/", "the host has a placeholder"],
  ["https://anna:secret@grafana.example/{trace_id}", USER],
  ["https://anna@grafana.example/{trace_id}", USER],
  ["https://{service}@grafana.example/{trace_id}", USER],
  [`${base}/explore?auth_token=abc&trace={trace_id}`, SECRET],
  [`${base}/explore?trace={trace_id}&apiKey=abc`, SECRET],
  [`${base}/explore?trace={trace_id}&X-Amz-Signature=abc`, SECRET],
  [`${base}/explore?trace={trace_id}&p%61ssword=abc`, SECRET],
  [`${base}/#/trace/{trace_id}?session_id=abc`, SECRET],
  [`${base}/#access_token=abc&trace={trace_id}`, SECRET],
  [`${base}/glsa_0123456789abcdefABCDEF/{trace_id}`, TOKEN],
  [`${base}/eyJhbGciOiJIUzI1NiJ9.e30.abc/{trace_id}`, TOKEN],
  [`${base}/?q=eyJhbGciOiJIUzI1NiJ9.e30.abc&t={trace_id}`, SECRET],
  ...secretQueryKeys.map((key) => [`${base}/{trace_id}?${key}=abc`, SECRET] as const),
];

describe("A trace URL", () => {
  for (const text of validTraceUrls) {
    it(`may be ${text}`, () => assert.deepEqual(parse(parseTraceUrl, text), [text, []]));
  }
  for (const [text, problem] of invalidTraceUrls) {
    it(`must not be ${JSON.stringify(text)}`, () => {
      const expected = `a URL like https://grafana.example/explore?trace={trace_id} (${problem})`;
      const issue = { expected, used: "no links to traces" };
      assert.deepEqual(parse(parseTraceUrl, text), [undefined, [issue]]);
    });
  }
});

const orgUrls: readonly (readonly [text: string, value: string])[] = [
  ["https://acme.sentry.io", "https://acme.sentry.io"],
  ["https://acme.sentry.io/", "https://acme.sentry.io"],
  ["https://acme.sentry.io/issues/", "https://acme.sentry.io"],
  [
    "HTTPS://Sentry.Example:9000/organizations/acme",
    "https://sentry.example:9000/organizations/acme",
  ],
  [
    "http://localhost:8000/tools/sentry/organizations/acme/",
    "http://localhost:8000/tools/sentry/organizations/acme",
  ],
];

const invalidOrgUrls: readonly (readonly [text: string, problem: string])[] = [
  ["acme", NOT_HTTP],
  ["acme.sentry.io", NOT_HTTP],
  ["ftp://acme.sentry.io", NOT_HTTP],
  ["https://abc123@o1.ingest.sentry.io/42", USER],
  ["https://acme.sentry.io/?query=is:unresolved", "it has a query or a fragment"],
  ["https://acme.sentry.io/#issues", "it has a query or a fragment"],
  ["https://acme.sentry.io/?token=abc", SECRET],
  ["https://acme.sentry.io/sntrys_0123456789abcdefABCDEF", TOKEN],
];

describe("The URL of a Sentry organization", () => {
  for (const [text, value] of orgUrls) {
    it(`may be ${text}`, () => assert.deepEqual(parse(parseOrgUrl, text), [value, []]));
  }
  for (const [text, problem] of invalidOrgUrls) {
    it(`must not be ${text}`, () => {
      const expected = `a URL like https://acme.sentry.io (${problem})`;
      const issue = { expected, used: "no links to events" };
      assert.deepEqual(parse(parseOrgUrl, text), [undefined, [issue]]);
    });
  }
});

/** Returns the value and the reported issues. */
const spotlightValues: readonly (readonly [text: string, value: string | undefined])[] = [
  ["1", "http://localhost:8969/stream"],
  ["true", "http://localhost:8969/stream"],
  ["YES", "http://localhost:8969/stream"],
  ["0", undefined],
  ["False", undefined],
  ["off", undefined],
  ["http://127.0.0.1:8969/stream", "http://127.0.0.1:8969/stream"],
  ["https://spotlight.example", "https://spotlight.example/"],
];

describe("The address of Spotlight", () => {
  for (const [text, value] of spotlightValues) {
    it(`is ${String(value)} for ${text}`, () =>
      assert.deepEqual(parse(parseSpotlight, text), [value, []]));
  }
  for (const text of ["2", "localhost:8969", "ftp://localhost", "http://a:b@localhost:8969/"]) {
    it(`must not be ${text}`, () => {
      const expected = "1, 0 or a URL like http://localhost:8969/stream";
      const issue = { expected, used: "no Spotlight" };
      assert.deepEqual(parse(parseSpotlight, text), [undefined, [issue]]);
    });
  }
});

const alertFormats: readonly (readonly [text: string, format: "slack" | "json"])[] = [
  ["https://hooks.slack.com/services/T0/B0/abc", "slack"],
  ["https://HOOKS.slack.com/workflows/T0/A0/1/abc", "slack"],
  ["https://hooks.slack-gov.com/services/T0/B0/abc", "slack"],
  ["http://localhost:9000/services/T00/B00/abc", "slack"],
  ["https://hooks.slack.com.evil.example/a", "json"],
  ["https://mattermost.example/hooks/abc", "json"],
  ["https://alerts.example", "json"],
];

describe("The address for alerts", () => {
  for (const [text, format] of alertFormats) {
    it(`gets messages in the form of ${format}: ${text}`, () => {
      const receiver = parseAlertUrl(text, () => assert.fail("an issue"));
      assert.deepEqual(receiver, { url: new URL(text).href, headers: {}, format });
    });
  }

  it("has a header instead of user and password, and no fragment", () => {
    assert.deepEqual(
      parseAlertUrl("https://a%20b:p%40ss@alerts.example/x?y=z#f", () => assert.fail("an issue")),
      {
        url: "https://alerts.example/x?y=z",
        headers: { authorization: `Basic ${Buffer.from("a b:p@ss").toString("base64")}` },
        format: "json",
      },
    );
  });

  for (const text of ["hooks.slack.com/services/T0/B0/abc", "ftp://host/", "https:host", "on"]) {
    it(`must not be ${text}`, () => {
      const issues: ValueIssue[] = [];
      assert.equal(
        parseAlertUrl(text, (issue) => issues.push(issue)),
        undefined,
      );
      const expected = "a URL that begins with https:// or http:// and a host";
      assert.deepEqual(issues, [{ expected, used: "no alerts" }]);
    });
  }
});

function parse(parser: typeof parseTraceUrl, text: string): [string | undefined, ValueIssue[]] {
  const issues: ValueIssue[] = [];
  return [parser(text, (issue) => issues.push(issue)), issues];
}

describe("The destination of profiles", () => {
  const url = "https://profiles.example";
  const valid: readonly (readonly [text: string, kind: string, place: string])[] = [
    ["/var/profiles", "folder", "/var/profiles"],
    ["file:///var/my%20profiles", "folder", "/var/my profiles"],
    ["./profiles", "folder", resolve("profiles")],
    [`${url}/files?team=1`, "http", `${url}/files?team=1`],
    [`${url}/ingest`, "pyroscope", `${url}/ingest`],
    [`pyroscope+${url}`, "pyroscope", `${url}/ingest`],
    [`Pyroscope+${url}/prefix/`, "pyroscope", `${url}/prefix/ingest`],
    ["pyroscope+http://localhost:4040/ingest", "pyroscope", "http://localhost:4040/ingest"],
    [`${url}#top`, "http", `${url}/`],
  ];
  for (const [text, kind, place] of valid) {
    it(`is a ${kind}: ${text}`, () => {
      const found = parseProfileDestination(text, () => assert.fail("reported"));
      assert.deepEqual(
        [found?.kind, found?.kind === "folder" ? found.path : found?.url],
        [kind, place],
      );
    });
  }

  const invalid = ["s3://bucket/x", "localhost:4040", "pyroscope+", "https://", "file://host/x"];
  for (const text of invalid) {
    it(`is refused: ${text}`, () => {
      const issues: ValueIssue[] = [];
      assert.equal(
        parseProfileDestination(text, (issue) => issues.push(issue)),
        undefined,
      );
      assert.equal(issues.length, 1);
    });
  }
});
