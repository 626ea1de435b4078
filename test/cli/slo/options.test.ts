import assert from "node:assert/strict";
import { parseSloOptions } from "../../../src/cli/slo/options.ts";
import { SECONDS_BOUNDARIES } from "../../../src/metrics/boundaries.ts";

const noFile = (): never => {
  throw new Error("no such file");
};

function parse(args: readonly string[], boundaries = SECONDS_BOUNDARIES): object {
  const { options, problems } = parseSloOptions(args, boundaries, noFile);
  return options === undefined ? { problems } : options;
}

const percentage = "a percentage from 90 to 99.999, such as 99.9";
const duration = "a duration such as 250ms or 2.5s";
const count = "an integer from 1 to 1000000";
const route = "a route such as /orders/:id, of at most 200 characters";
const boundary =
  "expected a bucket boundary of http.server.request.duration, the nearest of which is";

const invalidRows: readonly (readonly [args: readonly string[], problems: readonly string[]])[] = [
  [[], ["--objective is missing, such as 99.9"]],
  ...["", "0.999", "89.999", "100", "99.9999", "99,9", "1e2", "high"].map(
    (text) =>
      [
        [`--objective=${text}`],
        [`--objective: received "${text}", expected ${percentage}`],
      ] as const,
  ),
  ...["", "300", "0ms", "-1s", "1h", "fast", "1e3ms"].map(
    (text) =>
      [
        ["--objective=99", `--latency=${text}`],
        [`--latency: received "${text}", expected ${duration}`],
      ] as const,
  ),
  ...(
    [
      ["300ms", "300ms", "250ms", 0.3],
      ["1ms", "1ms", "5ms", 0.001],
      ["0.0075s", "7.5ms", "5ms", 0.0075],
      ["1.5s", "1.5s", "1s", 1.5],
      ["60s", "60s", "10s", 60],
    ] as const
  ).map(
    ([text, received, nearest, seconds]) =>
      [
        ["--objective=99", "--latency", text],
        [
          `--latency: received ${received}, ${boundary} ${nearest}; TELLTALE_METRICS_BUCKETS can add ${seconds}, in the service and here`,
        ],
      ] as const,
  ),
  [["--objective=99", "--latency-objective=90"], ["--latency-objective needs --latency"]],
  [
    ["--objective=99", "--name", "a b"],
    ['--name: received "a b", expected at most 63 letters, digits, and _ . -'],
  ],
  [
    ["--objective=99", "--service", "{{ .x }}"],
    ['--service: received "{{ .x }}", expected at most 100 letters, digits, and _ . - /'],
  ],
  [
    ["--objective=99", "--route=", "--route", "/a\nb"],
    [`--route: received "", expected ${route}`, `--route: received "/a\\nb", expected ${route}`],
  ],
  [["--objective=99", "--route=/a", "--by-route"], ["--route and --by-route exclude each other"]],
  ...["0", "-1", "1.5", "1000001", "many"].map(
    (text) =>
      [
        ["--objective=99", `--min-events=${text}`],
        [`--min-events: received "${text}", expected ${count}`],
      ] as const,
  ),
  [["--objective=99", "--out="], ['--out: received "", expected a path of a file']],
  [
    ["--from=a.yaml", "--objective=99", "--by-route"],
    [
      "--from and --objective exclude each other",
      "--from and --by-route exclude each other",
      "--from: the file can't be read (Error: no such file)",
    ],
  ],
  [
    ["--objektive=99", "file"],
    [
      "option --objektive is not known, did you mean --objective?",
      "unexpected argument: all are options, such as --help",
      "--objective is missing, such as 99.9",
    ],
  ],
];

const selection = { routes: [], byRoute: false };
const byRoute = { routes: [], byRoute: true };
const routes = { service: "eu/shop", routes: ["/a", "/b"], byRoute: false };
const base = { service: "all", percent: 99.9, minEvents: 20, periodDays: 30 };
const availability = {
  ...{ ...base, name: "requests-availability" },
  indicator: { kind: "availability", selection },
};

const validRows: readonly (readonly [args: readonly string[], expected: object])[] = [
  [["--objective", "99.9"], { objectives: [availability], file: undefined }],
  [["--objective", "99.9%", "--out", "slo.yaml"], { objectives: [availability], file: "slo.yaml" }],
  [
    ["--objective=99.9", "--latency=2500ms", "--latency-objective=95", "--by-route"],
    {
      objectives: [
        { ...availability, indicator: { kind: "availability", selection: byRoute } },
        {
          ...{ ...base, name: "requests-latency", percent: 95 },
          indicator: { kind: "latency", selection: byRoute, thresholdSeconds: 2.5 },
        },
      ],
      file: undefined,
    },
  ],
  [
    [
      ...["--objective=99.9", "--name=web", "--service=eu/shop", "--min-events=5"],
      ...["--route=/b", "--route=/a", "--route=/b"],
    ],
    {
      objectives: [
        {
          ...{ ...base, service: "eu/shop", name: "web-availability", minEvents: 5 },
          indicator: { kind: "availability", selection: routes },
        },
      ],
      file: undefined,
    },
  ],
];

describe("The options of telltale slo", () => {
  for (const [args, problems] of invalidRows) {
    it(`are refused in one line each: ${JSON.stringify(args)}`, () => {
      assert.deepEqual(parse(args), { problems });
    });
  }

  for (const [args, expected] of validRows) {
    it(`are read: ${args.join(" ")}`, () => {
      assert.deepEqual(parse(args), expected);
    });
  }

  it("take a latency that is a boundary of the service's own buckets", () => {
    assert.ok("objectives" in parse(["--objective=99", "--latency=300ms"], [0.1, 0.3]));
    assert.ok("problems" in parse(["--objective=99", "--latency=250ms"], [0.1, 0.3]));
  });

  it("take every default boundary, in either unit", () => {
    for (const seconds of SECONDS_BOUNDARIES) {
      for (const text of [`${seconds}s`, `${Math.round(seconds * 1e6) / 1000}ms`])
        assert.ok("objectives" in parse(["--objective=99", "--latency", text]), text);
    }
  });

  it("read the files that a section names beside its own", () => {
    const names: string[] = [];
    const read = (file: string): string => {
      names.push(file);
      return file.endsWith("telltale.ops.yaml") ? "slo: { from: sloth.yaml }" : "version: x";
    };
    const args = ["--from", "/etc/app/telltale.ops.yaml"];
    assert.equal(parseSloOptions(args, SECONDS_BOUNDARIES, read).problems.length, 1);
    assert.deepEqual(names, ["/etc/app/telltale.ops.yaml", "/etc/app/sloth.yaml"]);
  });
});
