import assert from "node:assert/strict";
import { type BenchOptions, parseBenchOptions } from "../../../src/cli/bench/options.ts";

const FILE = `
url: http://localhost:3000
iterations: 300
concurrency: 2
clear_cache: DELETE /cache
headers:
  authorization: Bearer \${TOKEN}
targets:
  p95: 200ms
  queries: 4
endpoints:
  - /orders
  - path: POST /orders
    name: new order
    body: '{"user":"\${USER_ID}"}'
    status: 201
    targets:
      p95: { excellent: 20ms, good: 1.5s }
      cache_ratio: 90%
      errors: 1%
`;

const variables = { TOKEN: "t0ken", USER_ID: "7" };

function parse(args: readonly string[], file?: string): ReturnType<typeof parseBenchOptions> {
  const readFile = (name: string): string => {
    if (file !== undefined && name.endsWith(".yaml")) return file;
    throw Object.assign(new Error("no file"), { code: "ENOENT" });
  };
  return parseBenchOptions(args, { readFile, variables });
}

function optionsOf(args: readonly string[], file?: string): BenchOptions {
  const { options, problems } = parse(args, file);
  assert.deepEqual(problems, []);
  assert.ok(options);
  return options;
}

describe("The options of telltale bench", () => {
  it("have defaults", () => {
    const options = optionsOf(["http://localhost:3000/orders?page=2"]);
    const [endpoint] = options.endpoints;
    assert.equal(endpoint?.name, "GET /orders?page=2");
    assert.equal(endpoint?.url, "http://localhost:3000/orders?page=2");
    assert.deepEqual(endpoint?.targets.p95, { excellent: 100, good: 300 });
    assert.deepEqual(
      options.amounts,
      Array.from({ length: 10 }, () => ({ requests: 50 })),
    );
    assert.deepEqual([options.concurrency, options.warmUp, options.tolerance], [1, 50, 0.1]);
    assert.deepEqual([options.command, options.compare, options.save], [[], undefined, false]);
  });

  it("are those of the file, and of the command line before it", () => {
    const options = optionsOf(["--concurrency", "3", "--clear-cache"], FILE);
    assert.deepEqual([options.concurrency, options.clearCache], [3, "DELETE /cache"]);
    assert.deepEqual(options.amounts[0], { requests: 30 });
    const [orders, created] = options.endpoints;
    assert.deepEqual(orders?.headers, { authorization: "Bearer t0ken" });
    const shared = { p95: { excellent: 100, good: 200 }, queries: { excellent: 2, good: 4 } };
    assert.deepEqual(orders?.targets, shared);
    assert.deepEqual(
      [created?.name, created?.method, created?.status, created?.body],
      ["new order", "POST", 201, '{"user":"7"}'],
    );
    assert.deepEqual(created?.targets, {
      ...{ ...shared, p95: { excellent: 20, good: 1500 } },
      ...{ cache_ratio: { excellent: 0.95, good: 0.9 }, errors: { excellent: 0.01, good: 0.01 } },
    });
  });

  it("choose endpoints of the file by name or path, and take others", () => {
    const { endpoints } = optionsOf(["new order", "/orders", "PUT /users/1"], FILE);
    assert.deepEqual(
      endpoints.map(({ name, status }) => [name, status]),
      [
        ["new order", 201],
        ["GET /orders", undefined],
        ["PUT /users/1", undefined],
      ],
    );
    assert.equal(endpoints[2]?.url, "http://localhost:3000/users/1");
  });

  it("have an optional baseline, which is no target", () => {
    const rows = [
      [["/orders", "--compare"], "latest"],
      [["--compare", "/orders"], "latest"],
      [["--compare", "--verbose", "/orders"], "latest"],
      [["/orders", "--compare", "--", "node", "app.js"], "latest"],
      [["--compare", "main", "/orders"], "main"],
      [["--compare=7162cb4", "/orders"], "7162cb4"],
    ] as const;
    for (const [args, baseline] of rows) {
      const options = optionsOf(args, FILE);
      assert.equal(options.compare, baseline, args.join(" "));
      assert.deepEqual(
        options.endpoints.map(({ name }) => name),
        ["GET /orders"],
      );
    }
  });

  it("allow four times more blocks, if results are compared or saved", () => {
    const rows = [
      [[], 10],
      [["--save"], 40],
      [["--compare", "--blocks", "8"], 32],
      [["--against", "http://b/", "--max-blocks", "10"], 10],
    ] as const;
    for (const [args, expected] of rows)
      assert.equal(optionsOf(["http://a/", ...args]).maxBlocks, expected, args.join(" "));
  });

  it("split iterations and durations into blocks", () => {
    const rows = [
      [
        ["--iterations", "25"],
        [3, 3, 3, 3, 3, 2, 2, 2, 2, 2],
      ],
      [
        ["--iterations", "3"],
        [1, 1, 1],
      ],
      [
        ["--iterations", "7", "--concurrency", "3"],
        [4, 3],
      ],
      [
        ["--iterations", "9", "--blocks", "2"],
        [5, 4],
      ],
    ] as const;
    for (const [args, expected] of rows) {
      const { amounts } = optionsOf(["http://a/", ...args]);
      assert.deepEqual(
        amounts,
        expected.map((requests) => ({ requests })),
        args.join(" "),
      );
    }
    const { amounts } = optionsOf(["http://a/", "--duration", "5s"]);
    assert.deepEqual(
      amounts,
      Array.from({ length: 10 }, () => ({ ms: 500 })),
    );
  });
});

/** Arguments, and the problem that they lead to. */
const wrongUses: readonly (readonly [args: readonly string[], problem: string])[] = [
  [
    [],
    "there is no endpoint: telltale bench http://localhost:3000/orders, or endpoints in telltale.bench.yaml",
  ],
  [
    ["/orders"],
    'the target "/orders" needs the address of the app: --url http://localhost:3000, or url in the file',
  ],
  [
    ["orders"],
    'the target "orders" is not known; expected a path such as /orders, or an address, also with a method before it: POST /orders',
  ],
  [
    ["FETCH /orders"],
    'the target "FETCH /orders" is not known; expected a path such as /orders, or an address, also with a method before it: POST /orders',
  ],
  [["http://a/", "http://a/"], 'two endpoints have the name "GET /"; expected a name for each'],
  [
    ["http://a/", "--url", "localhost"],
    '--url: received "localhost", expected an address such as http://localhost:3000',
  ],
  [
    ["http://a/", "--iterations", "0"],
    '--iterations: received "0", expected an integer from 1 to 10000000',
  ],
  [
    ["http://a/", "--iterations", "many"],
    '--iterations: received "many", expected an integer from 1 to 10000000',
  ],
  [
    ["http://a/", "--duration", "10"],
    '--duration: received "10", expected a duration from 500ms to 3600s, such as 10s',
  ],
  [
    ["http://a/", "--duration", "1s", "--iterations", "20"],
    "--iterations and --duration exclude each other",
  ],
  [
    ["http://a/", "--concurrency", "1001"],
    '--concurrency: received "1001", expected an integer from 1 to 1000',
  ],
  [
    ["http://a/", "--concurrency", "20", "--iterations", "10"],
    "10 iterations are too few: expected 20 or more, one for each connection",
  ],
  [
    ["http://a/", "--iterations", "9", "--save"],
    "9 iterations are too few: expected 10 or more, one for each connection in each block",
  ],
  [
    ["http://a/", "--blocks", "5", "--compare"],
    "--save, --compare and --against need 6 blocks; received 5",
  ],
  [
    ["http://a/", "--max-blocks", "5", "--save"],
    "--max-blocks: received 5, expected at least the 10 blocks",
  ],
  [
    ["http://a/", "--against", "../main"],
    '--against: received "../main", expected a folder and -- COMMAND, which starts the app of it, or an address such as http://localhost:3001',
  ],
  [
    ["http://a/", "--against", "http://b/", "--compare"],
    "--against and --compare exclude each other",
  ],
  [
    ["http://a/", "http://b/x", "--against", "http://c/"],
    "--against: expected targets of one app, received those of a, b",
  ],
  [
    ["http://a/", "--tolerance", "0%"],
    '--tolerance: received "0%", expected a percentage from 1% to 100%, such as 10%',
  ],
  [
    ["http://a/", "--out", "report.pdf"],
    '--out: received "report.pdf", expected a file .md, .json or .html',
  ],
  [
    ["http://a/", "--header", "secret"],
    '--header: expected a name and a value, such as "accept: text/html"',
  ],
  [
    ["http://a/", "--clear-cache"],
    "--clear-cache: only the app knows its caches; expected clear_cache in telltale.bench.yaml, a command such as redis-cli flushdb, or a request such as DELETE /cache",
  ],
  [
    ["http://a/", "--config", "bench.yml"],
    "--config: bench.yml can't be read: there is no such file",
  ],
  [
    ["http://a/", "--itterations", "5"],
    "option --itterations is not known, did you mean --iterations?",
  ],
  [["http://a/", "--"], "-- is not followed by a command"],
];

/** Lines of a file, and the problem that they lead to. */
const wrongFiles: readonly (readonly [lines: string, problem: string])[] = [
  ["endpoints: /a", "telltale.bench.yaml:1: endpoints: expected a list"],
  [
    "endpoints:\n  - orders",
    'telltale.bench.yaml:2: endpoints[0]: received "orders", expected a path such as /orders, or an address, also with a method before it: POST /orders',
  ],
  [
    "endpoints:\n  - name: x",
    "telltale.bench.yaml:2: endpoints[0].path: is missing, expected a path such as /orders, or an address, also with a method before it: POST /orders",
  ],
  [
    "endpoints:\n  - path: LIST /a",
    "telltale.bench.yaml:2: endpoints[0].path: expected a method of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
  ],
  [
    "endpoints:\n  - path: /a\n    status: 99",
    'telltale.bench.yaml:3: endpoints[0].status: received "99", expected an integer from 100 to 599',
  ],
  [
    "targets:\n  p95: fast",
    'telltale.bench.yaml:2: targets.p95: received "fast", expected a duration such as 200ms or 1.5s',
  ],
  ["targets:\n  p96: 20ms", "telltale.bench.yaml:2: targets.p96: the key is not known"],
  [
    "targets:\n  errors: 2",
    'telltale.bench.yaml:2: targets.errors: received "2", expected a percentage such as 90%',
  ],
  [
    "targets:\n  queries: { excellent: 5 }",
    "telltale.bench.yaml:2: targets.queries: expected good: a number of queries",
  ],
  [
    "targets:\n  queries: { excellent: 5, good: 3 }",
    "telltale.bench.yaml:2: targets.queries: expected excellent to be stricter than good",
  ],
  [
    "targets:\n  cache_ratio: { excellent: 50%, good: 90% }",
    "telltale.bench.yaml:2: targets.cache_ratio: expected excellent to be stricter than good",
  ],
  ["iterations: 10\nduration: 5s", "telltale.bench.yaml:2: duration: excludes iterations"],
  ["duration: 5", 'telltale.bench.yaml:1: duration: received "5", expected 500ms to 1000s'],
  ["headers:\n  a: ${NONE}", "GET /: the variable NONE of ${NONE} is not set"],
  [
    "iterations: [",
    "telltale.bench.yaml:2: Flow sequence in block collection must be sufficiently indented and end with a ]",
  ],
];

describe("Wrong use of telltale bench", () => {
  for (const [args, problem] of wrongUses)
    it(`is reported: ${args.join(" ") || "no arguments"}`, () => {
      const { options, problems } = parse(args);
      assert.equal(options, undefined);
      assert.ok(problems.includes(problem), problems.join("\n"));
    });

  for (const [lines, problem] of wrongFiles)
    it(`is reported with its line in the file: ${lines.replaceAll("\n", " ")}`, () => {
      const { options, problems } = parse(["http://a/"], `${lines}\n`);
      assert.equal(options, undefined);
      assert.ok(problems.includes(problem), problems.join("\n"));
    });

  it("is reported with one line if a file without endpoints is not valid", () => {
    const { problems } = parse([], "endpoints:\n  - path: /a\n   name: x\n");
    assert.equal(problems.length, 1, problems.join("\n"));
    assert.match(problems[0] ?? "", /^telltale\.bench\.yaml:\d: /);
  });

  it("does not repeat a secret", () => {
    const { problems } = parse(["http://a/", "--header", "s3cret", "--token=s3cret"]);
    assert.ok(problems.length === 2 && !problems.join("").includes("s3cret"), problems.join("\n"));
  });
});
