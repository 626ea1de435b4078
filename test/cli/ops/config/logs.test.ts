import assert from "node:assert/strict";
import { parseOpsConfig } from "../../../../src/cli/ops/config-file.ts";
import { generateFiles } from "../../../../src/ops/generate.ts";
import { defaultLogOptions } from "../../../../src/ops/options/log-options.ts";

const complete = `
logs:
  folders: [/var/log/shop, /var/log/payments]
  loki_url: https://loki.example/
  elasticsearch_url: http://10.0.0.7:9200
  victorialogs_url: http://victorialogs:9428/prefix
  collector_url: http://collector:4318
  alertmanager_url: http://alertmanager:9093
  log_group: /acme/shop
  retention_days: 90
  errors_per_minute: 25
  security_events_per_minute: 5
  silent_minutes: 0
`;

/** An invalid value, and the problem after the name of the file and the line. */
const invalid: readonly (readonly [line: string, problem: RegExp])[] = [
  ["folders: [logs]", /logs\.folders\[0\]: received "logs", expected an absolute path/],
  ["folders: /var/log/*", /logs\.folders: received "\/var\/log\/\*", expected an absolute path/],
  ['folders: ["/var/a b"]', /logs\.folders\[0\]: received "\/var\/a b", expected/],
  ["loki_url: loki:3100", /logs\.loki_url: received "loki:3100", expected an address such as/],
  ["loki_url: http://a:b@loki", /logs\.loki_url: received .*, expected an address .* without user/],
  ["victorialogs_url: http://vl/?a=b", /logs\.victorialogs_url: .*expected an address/],
  ["log_group: a b", /logs\.log_group: received "a b", expected the name of a log group/],
  ["retention_days: 0", /logs\.retention_days: received "0", expected an integer from 1 to 3653/],
  ["errors_per_minute: many", /logs\.errors_per_minute: received "many", expected an integer/],
  ["errors_per_minute: 1.5", /logs\.errors_per_minute: received "1\.5", expected an integer/],
  [
    "silent_minutes: 301",
    /logs\.silent_minutes: received "301", expected an integer from 0 to 300/,
  ],
  ["error_per_minute: 5", /logs\.error_per_minute: .*, did you mean errors_per_minute\?/],
  // Keys have underscores, as in all sections.
  ["lokiUrl: 5", /logs\.lokiUrl: the key is not known, did you mean loki_url\?/],
  [
    "elasticsearchUrl: 5",
    /logs\.elasticsearchUrl: the key is not known, did you mean elasticsearch_url\?/,
  ],
  [
    "victoriaLogsUrl: 5",
    /logs\.victoriaLogsUrl: the key is not known, did you mean victorialogs_url\?/,
  ],
  ["collectorUrl: 5", /logs\.collectorUrl: the key is not known, did you mean collector_url\?/],
  [
    "alertmanagerUrl: 5",
    /logs\.alertmanagerUrl: the key is not known, did you mean alertmanager_url\?/,
  ],
  ["logGroup: 5", /logs\.logGroup: the key is not known, did you mean log_group\?/],
  ["retentionDays: 5", /logs\.retentionDays: the key is not known, did you mean retention_days\?/],
  [
    "errorsPerMinute: 5",
    /logs\.errorsPerMinute: the key is not known, did you mean errors_per_minute\?/,
  ],
  [
    "securityEventsPerMinute: 5",
    /logs\.securityEventsPerMinute: the key is not known, did you mean security_events_per_minute\?/,
  ],
  ["silentMinutes: 5", /logs\.silentMinutes: the key is not known, did you mean silent_minutes\?/],
];

describe("The section logs of telltale.ops.yaml", () => {
  it("sets all options, and leaves a slash at the end of addresses out", () => {
    const { options, problems } = parseOpsConfig("telltale.ops.yaml", complete);
    assert.deepEqual(problems, []);
    assert.deepEqual(options.logs, {
      folders: ["/var/log/shop", "/var/log/payments"],
      lokiUrl: "https://loki.example",
      elasticsearchUrl: "http://10.0.0.7:9200",
      victoriaLogsUrl: "http://victorialogs:9428/prefix",
      collectorUrl: "http://collector:4318",
      alertmanagerUrl: "http://alertmanager:9093",
      logGroup: "/acme/shop",
      retentionDays: 90,
      errorsPerMinute: 25,
      securityEventsPerMinute: 5,
      silentMinutes: 0,
    });
    assert.deepEqual(Object.keys(options.logs), Object.keys(defaultLogOptions));
  });

  it("is not needed", () => {
    const { options } = parseOpsConfig("telltale.ops.yaml", "team: shop\n");
    assert.equal(options.logs, defaultLogOptions);
    assert.ok(generateFiles(options).some(({ path }) => path === "logs/loki/rules.yaml"));
  });

  for (const [line, problem] of invalid) {
    it(`with ${line} is reported with its line, and the default is used`, () => {
      const text = `team: shop\nlogs:\n  ${line}\n`;
      const { options, problems } = parseOpsConfig("telltale.ops.yaml", text);
      assert.equal(problems.length, 1, problems.join("\n"));
      assert.match(problems[0]!, /^telltale\.ops\.yaml:3: /);
      assert.match(problems[0]!, problem);
      assert.deepEqual(options.logs, defaultLogOptions);
    });
  }
});
