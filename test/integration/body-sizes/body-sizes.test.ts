import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { freePort } from "../../free-port.ts";
import { type ExpositionPage, parsePage, samplesOf } from "../../metrics/exposition.ts";
import { nodes } from "../../nodes.ts";
import { preload, Program } from "../program.ts";

const file = fileURLToPath(new URL("app.mjs", import.meta.url));

/** The sizes by method and status. A response in chunks has 12 more bytes for each and 5 for the end. */
const REQUESTS = { "GET 200": [0, 0], "HEAD 200": [0], "POST 204": [300], "PUT 200": [] };
const CHUNKS = 500 + 7 + 1500 + 7 + 5;
const RESPONSES = {
  "GET 200": [50_000, CHUNKS],
  "HEAD 200": [0],
  "POST 204": [0],
  "PUT 200": [50_000],
};

describe("The sizes of bodies", () => {
  for (const node of nodes) {
    it(`are recorded as they were transferred, on Node ${node.name}`, async () => {
      const page = await pageOf({}, node.path);
      assert.deepEqual(sizesIn(page, "http_server_request_body_size_bytes"), totalsOf(REQUESTS));
      assert.deepEqual(sizesIn(page, "http_server_response_body_size_bytes"), totalsOf(RESPONSES));
    });
  }

  it("are off by TELLTALE_BODY_SIZE_METRICS", async () => {
    const page = await pageOf({ TELLTALE_BODY_SIZE_METRICS: "false" });
    assert.deepEqual(
      [...page.types.keys()].filter((name) => name.includes("body_size")),
      [],
    );
  });
});

async function pageOf(
  env: Readonly<Record<string, string>>,
  node?: string,
): Promise<ExpositionPage> {
  const { code, stdout, stderr } = await new Program({
    file,
    ...(node !== undefined && { node }),
    flags: preload.import,
    env: {
      OTEL_TRACES_EXPORTER: "none",
      OTEL_LOGS_EXPORTER: "none",
      OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()),
      ...env,
    },
  }).ended;
  assert.deepEqual([code, stderr], [0, ""]);
  return parsePage(`${stdout.trimEnd()}\n`);
}

type Totals = Readonly<Record<string, { readonly count: number; readonly sum: number }>>;

function totalsOf(sizes: Readonly<Record<string, readonly number[]>>): Totals {
  return Object.fromEntries(
    Object.entries(sizes)
      .filter(([, values]) => values.length > 0)
      .map(([key, values]) => [
        key,
        { count: values.length, sum: values.reduce((sum, value) => sum + value, 0) },
      ]),
  );
}

/** Returns count and sum of a histogram by method and status. */
function sizesIn(page: ExpositionPage, name: string): Totals {
  const sums = samplesOf(page, `${name}_sum`);
  return Object.fromEntries(
    samplesOf(page, `${name}_count`).map(({ labels, value: count }) => {
      const { http_request_method: method, http_response_status_code: status } = labels;
      const sum = sums.find(
        (sample) =>
          sample.labels["http_request_method"] === method &&
          sample.labels["http_response_status_code"] === status,
      );
      return [`${method} ${status}`, { count, sum: sum?.value ?? NaN }];
    }),
  );
}
