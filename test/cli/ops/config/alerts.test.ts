import assert from "node:assert/strict";
import { parseOpsConfig } from "../../../../src/cli/ops/config-file.ts";
import type { AlertOptions } from "../../../../src/ops/options/alert-options.ts";

const FILE = "telltale.ops.yaml";

/** Settings of one alert, and what is read from them. */
const valid: readonly (readonly [alert: string, settings: string, options: AlertOptions])[] = [
  ["HighErrorRatio", "threshold: 2.5%", { threshold: 0.025 }],
  ["SlowRequests", "threshold: 800ms", { threshold: 0.8 }],
  ["RateLimitHits", "threshold: 500", { threshold: 500 }],
  ["TelemetryLost", "threshold: 99.9%", { threshold: 0.999 }],
  ["CertificateExpires", "threshold: 30d", { threshold: 2_592_000 }],
  ["TrafficFalls", "threshold: 120%", { threshold: 1.2 }],
  ["CollectorLoses", "threshold: 0", { threshold: 0 }],
  ["HighErrorRatio", "window: 2m", { window: "2m" }],
  ["HighErrorRatio", "window: 1d", { window: "1d" }],
  ["HighErrorRatio", "for: 0s", { for: "0s" }],
  ["HighErrorRatio", "minimum: 0", { minimum: 0 }],
  ["HighErrorRatio", "severity: info", { severity: "info" }],
  ["HighErrorRatio", "enabled: false", { isEnabled: false }],
  ["HighErrorRatio", "labels: { tier: 1, team: web }", { labels: { tier: "1", team: "web" } }],
  ["HighErrorRatio", "threshold: &high 8%", { threshold: 0.08 }],
];

/** Settings that are wrong, and the problem without file and line. */
const invalid: readonly (readonly [alert: string, settings: string, problem: string])[] = [
  // Another unit, or none.
  ...(
    [
      ["HighErrorRatio", "5", "a percentage such as 5%"],
      ["HighErrorRatio", "0.05", "a percentage such as 5%"],
      ["HighErrorRatio", "5s", "a percentage such as 5%"],
      ["HighErrorRatio", "-5%", "a percentage such as 5%"],
      ["HighErrorRatio", "true", "a percentage such as 5%"],
      ["SlowRequests", "2", "a duration such as 500ms, 2s, 15m, 6h or 14d"],
      ["SlowRequests", "2MiB", "a duration such as 500ms, 2s, 15m, 6h or 14d"],
      ["RateLimitHits", "5%", "a number such as 100"],
      ["RateLimitHits", "-1", "a number such as 100"],
      ["RateLimitHits", "99999999999999", "a number such as 100"],
      ["RateLimitHits", ".inf", "a number such as 100"],
      ["RateLimitHits", ".nan", "a number such as 100"],
      ["HighErrorRatio", "0%", "more than zero"],
      ["SlowRequests", "0s", "more than zero"],
      ["HighErrorRatio", "100%", "less than 100%, which the value never exceeds"],
      ["HighErrorRatio", "500%", "less than 100%, which the value never exceeds"],
    ] as const
  ).map(([alert, text, expected]) => {
    const received = { ".inf": "Infinity", ".nan": "NaN" }[text as string] ?? text;
    const problem = `threshold: received "${received}", expected ${expected}`;
    return [alert, `threshold: ${text}`, problem] as const;
  }),
  ["ServiceDown", "threshold: 1", "threshold: the threshold of this alert can't be changed"],
  // Durations.
  ["CertificateExpires", "window: 5m", "window: this alert has no window"],
  ...["1m", "90s", "25h", "99999d"].map(
    (text) =>
      [
        "HighErrorRatio",
        `window: ${text}`,
        `window: received "${text}", expected a duration from 2m to 1d`,
      ] as const,
  ),
  ...["5", "5min", "1h30m", "-5m", "1.5h", "100000s", "5m; rm"].map(
    (text) =>
      [
        "HighErrorRatio",
        `for: "${text}"`,
        `for: received "${text}", expected a duration such as 90s, 5m or 6h`,
      ] as const,
  ),
  ["HighErrorRatio", "for: 2d", 'for: received "2d", expected a duration from 0s to 1d'],
  // Other settings.
  ["ServiceDown", "minimum: 5", "minimum: this alert has no minimum"],
  ...["-1", "1.5", "many", "10000000000"].map(
    (text) =>
      [
        "HighErrorRatio",
        `minimum: ${text}`,
        `minimum: received "${text}", expected a whole number such as 20`,
      ] as const,
  ),
  [
    "HighErrorRatio",
    "severity: fatal",
    'severity: received "fatal", expected critical, warning or info',
  ],
  ["HighErrorRatio", "enabled: maybe", 'enabled: received "maybe", expected true or false'],
  ["HighErrorRatio", "treshold: 5%", "treshold: the key is not known, did you mean threshold?"],
  ["HighErrorRatio", "colour: red", "colour: the key is not known"],
  ["HighErrorRatio", "threshold: [5%]", "threshold: expected a threshold"],
  ["HighErrorRatio", "threshold: { is: 5% }", "threshold: expected a threshold"],
  ["HighErrorRatio", "labels: [a, b]", "labels: expected a map"],
  ["HighErrorRatio", "labels: { 1st: a }", "labels.1st: expected the name of a label"],
  ...["alertname", "severity", "job"].map(
    (name) =>
      [
        "HighErrorRatio",
        `labels: { ${name}: a }`,
        `labels.${name}: the alert itself has this label`,
      ] as const,
  ),
  [
    "HighErrorRatio",
    'labels: { tier: "{{ $value }}" }',
    'labels.tier: received "{{ $value }}", expected at most 200 characters without {{',
  ],
];

describe("The section alerts of telltale.ops.yaml", () => {
  for (const [alert, settings, options] of valid) {
    it(`of ${alert} has ${settings}`, () => {
      const text = `alerts:\n  ${alert}:\n    ${settings}\n`;
      const config = parseOpsConfig(FILE, text);
      assert.deepEqual(config.problems, []);
      assert.deepEqual(config.options.alerts, new Map([[alert, options]]));
    });
  }

  for (const [alert, settings, problem] of invalid) {
    it(`of ${alert} refuses ${settings}`, () => {
      const text = `alerts:\n  ${alert}:\n    ${settings}\n`;
      const path = `${FILE}:3: alerts.${alert}.`;
      assert.deepEqual(parseOpsConfig(FILE, text).problems, [path + problem]);
    });
  }

  it("suggests the name of an alert", () => {
    assert.deepEqual(
      parseOpsConfig(FILE, "alerts:\n  HighErorRatio: {}\n  Qqqqqqq: {}\n").problems,
      [
        `${FILE}:2: alerts.HighErorRatio: there is no such alert, did you mean HighErrorRatio?`,
        `${FILE}:3: alerts.Qqqqqqq: there is no such alert`,
      ],
    );
  });
});
