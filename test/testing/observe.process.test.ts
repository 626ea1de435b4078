import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const execFileAsync = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const shop = join(import.meta.dirname, "shop");
/** What the messages of failing tests contain: statement, place, counts, and the line of the test. */
const messages: Readonly<Record<string, readonly RegExp[]>> = {
  "an N+1 query": [
    /SELECT name FROM items/,
    /10 times with 10 distinct parameters, at .*app\.mjs:\d+/,
  ],
  "a duplicate query": [/2 times with 1 distinct parameters, at .*app\.mjs:\d+/],
  "too many queries": [/^10 queries, at most 3 expected/, /10 × SELECT .*app\.mjs:\d+/],
  "a budget of the function": [/10 times with 10 distinct parameters, at .*app\.mjs:\d+/],
  "a missing span": [
    /nearest one: GET \/orders\/:id/,
    /name: 'GET \/orders\/:id', expected 'GET \/orders'/,
  ],
  "a lost log id": [
    /no log record of 0 matches .*text with "stock written"/,
    /it was logged without ids, at .*app\.mjs:\d+\n/,
  ],
  "a missing metric": [
    /no metric of \d+ matches \{ name: 'orders\.read'/,
    /the others: [a-z][\w.]+, [a-z][\w.]+/,
    /what ran: GET \/orders\/:id; known lines: .*app\.mjs:\d+/,
  ],
  "an unreported error": [
    /no error with refused was reported; reported: none/,
    /what ran: GET \/swallowed\n/,
  ],
  "an unreported error that is logged": [
    /a log record has it, without a report; it was thrown at .*app\.mjs:\d+\n/,
  ],
  "another error than the reported one": [
    /reported: the stock is empty at .*app\.mjs:\d+; failed spans: none/,
  ],
  "work that does not end": [
    /not all work ended within 50 ms \(timeoutMs\): `until` is still false/,
  ],
  "a missing log record": [
    /no log record of 1 matches \{ body: 'order written' \}/,
    /nearest one: order read at .*app\.mjs:\d+ \{.* order: 1 \}/,
    /body: 'order read', expected 'order written'/,
  ],
  "a wrong attribute of a metric": [
    /nearest one: http\.server\.request\.duration/,
    /attributes\.http\.route: '\/orders\/:id', expected '\/orders'/,
  ],
  "a missing event": [/no event of 1 matches/, /level: 'error', expected 'fatal'/],
  "a missing query": [
    /no query of 2 matches \{ text: \/FROM invoices\/ \}/,
    /nearest one: SELECT .* at .*app\.mjs:\d+/,
  ],
  "an unhealthy page": [/\/failing responded with 500: /],
  "a longer duration": [
    /^order took [\d.]+ ms, at most 0\.0 ms expected: 2 times the 0\.001 ms of .*order\.json/,
  ],
  "a budget of the run": [/duplicate query: SELECT .*\n {2}2 times .*at .*app\.mjs:\d+/],
};

/** What tests may do in spite of a budget, and what matchers return. */
const passing: readonly string[] = [
  "a statement that is ignored",
  "a place that is ignored",
  "a test without the budget of the run",
  "a test with a budget of its own",
  "a removed budget of the run",
  "a duration that is recorded, and one that is not much longer",
  "matchers for `expect.extend`",
  "a value that a function or an asymmetric matcher accepts",
  "a healthy page",
  "a limit of queries with enough rows",
  "a limit of queries with too few rows",
];

/** What `failing.mjs` prints. */
interface Reports {
  readonly failing: Readonly<Record<string, string>>;
  readonly passing: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}

async function run(args: readonly string[]): Promise<string> {
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  // On a busy machine any request may be slow, and log records are counted.
  const env = { ...inherited, TELLTALE_SLOW_REQUEST_MS: "0" };
  const options = { cwd: root, env, maxBuffer: 2 ** 26 };
  const { stdout } = await execFileAsync(process.execPath, args, options);
  return stdout;
}

describe("observe of telltale/testing", () => {
  describe("a test", () => {
    let reports: Reports = { failing: {}, passing: {}, warnings: [] };

    before(async () => {
      reports = JSON.parse(await run([join(shop, "failing.mjs")])) as Reports;
    });

    for (const [title, patterns] of Object.entries(messages)) {
      it(`fails because of ${title}, with its place`, () => {
        const message = reports.failing[title] ?? "";
        for (const pattern of patterns) assert.match(message, pattern);
        assert.match(message, /in the test: .*shop-tests\.mjs:\d+$/);
      });
    }

    it("has no other failures", () => {
      assert.deepEqual(Object.keys(reports.failing), Object.keys(messages));
    });

    for (const title of passing) {
      it(`passes with ${title}`, () => assert.equal(reports.passing[title], "passed"));
    }

    it("has no other passing tests", () => {
      assert.deepEqual(Object.keys(reports.passing), passing);
    });

    it("warns of limits that too few rows can't prove, once each", () => {
      const small = reports.warnings.filter((text) => text.startsWith("TELLTALE_SMALL_FIXTURE"));
      const limits = small.map((text) => /maxQueries\((\d+)\) proves little/.exec(text)?.[1]);
      assert.deepEqual(limits, ["10", "11"]);
      assert.match(small[1] ?? "", /no query returned more than 10 rows.* at least 11 rows$/);
    });
  });

  it("throws a clear error if the preload was started before it", async () => {
    const code =
      'import("telltale/testing").then((t) => t.observe(() => 1)).catch((e) => console.log(e.message))';
    const port = { OTEL_EXPORTER_PROMETHEUS_PORT: "0", OTEL_TRACES_EXPORTER: "none" };
    const { stdout } = await execFileAsync(
      process.execPath,
      ["--import", "telltale/register", "--input-type=module", "-e", code],
      { cwd: root, env: { ...process.env, ...port } },
    );
    assert.match(stdout, /use --import telltale\/testing in place of --import telltale\/register/);
  });
});
