import assert from "node:assert/strict";
import { parseConfig } from "../../src/config/parse.ts";
import { formatIssues } from "../../src/config/report.ts";
import { environmentOf } from "../../src/env.ts";

const there: ReadonlySet<string> = new Set(["http", "undici", "express", "pg"]);
const enabled = "OTEL_NODE_ENABLED_INSTRUMENTATIONS";
const disabled = "OTEL_NODE_DISABLED_INSTRUMENTATIONS";
const expected = "expected http, undici, express or pg";

interface Row {
  readonly title: string;
  readonly given: Record<string, string>;
  readonly lines: readonly string[];
}

const rows: readonly Row[] = [
  { title: "takes those that there are", given: { [enabled]: "http,pg" }, lines: [] },
  {
    title: "names the nearest of one that is enabled and isn't there",
    given: { [enabled]: "htpp,pg" },
    lines: [`${enabled}: received "htpp", ${expected} (did you mean http?); using pg`],
  },
  {
    title: "suggests the short form of a package name",
    given: { [enabled]: "@opentelemetry/instrumentation-http" },
    lines: [
      `${enabled}: received "@opentelemetry/instrumentation-http", ${expected} (did you mean http?); using none`,
    ],
  },
  {
    title: "reports each unknown enabled one",
    given: { [enabled]: "kafka,mongodb" },
    lines: [
      `${enabled}: received "kafka", ${expected}; using none`,
      `${enabled}: received "mongodb", ${expected}; using none`,
    ],
  },
  {
    title: "reports a misspelt disabled one",
    given: { [disabled]: "expres" },
    lines: [`${disabled}: received "expres", ${expected} (did you mean express?); using none`],
  },
  {
    title: "reports an option of a wrong type, and one with a misspelt name",
    given: {
      OTEL_INSTRUMENTATION_DATALOADER_REQUIRE_PARENT_SPAN: "yes",
      OTEL_INSTRUMENTATION_CASSANDRA_DRIVER_MAX_QUERY_LENGTH: "-1",
      OTEL_INSTRUMENTATION_FS_ENABLD: "true",
    },
    lines: [
      'OTEL_INSTRUMENTATION_CASSANDRA_DRIVER_MAX_QUERY_LENGTH: received "-1", expected an integer from 1 to 2147483647; using 65536',
      'OTEL_INSTRUMENTATION_DATALOADER_REQUIRE_PARENT_SPAN: received "yes", expected true or false; using false',
      "OTEL_INSTRUMENTATION_FS_ENABLD is not known, did you mean OTEL_INSTRUMENTATION_FS_ENABLED?",
    ],
  },
  {
    title: "ignores an unknown disabled one",
    given: { [disabled]: "fs,dns,net,mongodb" },
    lines: [],
  },
];

describe("the names of instrumentations", () => {
  for (const { title, given, lines } of rows) {
    it(title, () => {
      const { issues } = parseConfig(environmentOf(given), there);
      assert.equal(formatIssues(issues), lines.map((line) => `telltale: ${line}\n`).join(""));
    });
  }

  it("are not checked without the list of known names", () => {
    assert.deepEqual(parseConfig(environmentOf({ [enabled]: "htpp" })).issues, []);
  });
});
