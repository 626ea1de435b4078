import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { adminPage } from "../../admin-page.ts";
import { freePort } from "../../free-port.ts";
import { parsePage, samplesOf } from "../../metrics/exposition.ts";
import { pollUntil } from "../../until.ts";
import { preload, Program, telemetryEnv } from "../program.ts";

const file = fileURLToPath(new URL("shop.mjs", import.meta.url));
const METRIC = "telltale_eventloop_stall_duration_seconds";
const EVENT = "telltale.eventloop.stall";

/**
 * Seconds that are recorded at least of the one second for which the app's function blocks.
 * The time of garbage collections is subtracted: on a busy machine each takes long.
 */
const BLOCKED = 0.7;

/** On a busy machine a process may not run for a while. */
const LIMIT = { TELLTALE_EVENT_LOOP_STALL_MS: "500" };

interface StallRow {
  readonly route: string;
  /** Labels of its series; undefined if nothing blocks. */
  readonly labels: Readonly<Record<string, string>> | undefined;
  /** Name of the span with the event. */
  readonly span?: string;
  /** Function that is in the stack of the event. */
  readonly inStack?: RegExp;
}

const ofRoute = (route: string): Record<string, string> => ({
  http_request_method: "GET",
  http_route: route,
});

const ROWS: readonly StallRow[] = [
  { route: "/computes", labels: ofRoute("/computes"), span: "GET /computes", inStack: /shop\.mjs/ },
  {
    route: "/computes-after-wait",
    labels: ofRoute("/computes-after-wait"),
    span: "GET /computes-after-wait",
    inStack: /shop\.mjs/,
  },
  {
    route: "/computes-in-span",
    labels: ofRoute("/computes-in-span"),
    span: "prices",
    inStack: /computes-in-span/,
  },
  {
    route: "/computes-before-query",
    labels: ofRoute("/computes-before-query"),
    span: "GET /computes-before-query",
    inStack: /computes-before-query/,
  },
  { route: "/queries", labels: ofRoute("/queries") },
  { route: "/job", labels: { telltale_job_name: "prices" }, span: "prices" },
  { route: "/waits", labels: undefined },
  { route: "/steps", labels: undefined },
];

describe("A stall of the event loop", () => {
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
  });
  after(() => receiver.close());
  beforeEach(() => receiver.clear());

  for (const shop of ["express", "fastify"]) {
    for (const row of ROWS) {
      const title = row.labels === undefined ? "is none" : "has its route, its span and its stack";
      it(`${title}, with ${row.route} and ${shop}`, async () => {
        const adminPort = await freePort();
        const program = new Program({
          file,
          args: [shop],
          flags: preload.import,
          env: {
            ...telemetryEnv(receiver),
            ...LIMIT,
            OTEL_EXPORTER_PROMETHEUS_PORT: String(adminPort),
          },
        });
        const found = await program.waitForStdout((stdout) => /"port":(\d+)/.exec(stdout));
        const response = await fetch(`http://127.0.0.1:${found[1]}${row.route}`);
        assert.equal(response.status, 204);
        const stalls = await stallsOf(adminPort, row.labels === undefined ? 0 : 1);
        program.kill("SIGTERM");
        await program.ended;
        await receiver.settled();
        checkStalls(row, stalls);
        checkEvents(row, receiver);
      });
    }
  }
});

interface KnownStall {
  readonly labels: Readonly<Record<string, string>>;
  readonly seconds: number;
}

/** Returns the stalls of known code; without a route or a job it is that of the app's start. */
function stallsOf(adminPort: number, count: number): Promise<readonly KnownStall[]> {
  return pollUntil(
    async () => {
      const response = await adminPage(adminPort, "/metrics");
      const stalls = samplesOf(parsePage(await response.text()), `${METRIC}_sum`)
        .filter(({ labels }) => Object.keys(labels).length > 0)
        .map(({ labels, value }) => ({ labels: { ...labels }, seconds: value }));
      return stalls.length >= count ? stalls : undefined;
    },
    () => `${count} stalls`,
  );
}

function checkStalls({ labels }: StallRow, stalls: readonly KnownStall[]): void {
  if (labels === undefined) {
    assert.deepEqual(stalls, []);
    return;
  }
  assert.deepEqual(
    stalls.map((stall) => stall.labels),
    [labels],
  );
  const { seconds } = stalls[0]!;
  assert.ok(seconds >= BLOCKED, String(seconds));
}

function checkEvents({ span: expected, inStack }: StallRow, { spans }: Receiver): void {
  const events = spans.flatMap(({ name, events: all }) =>
    all.filter((event) => event.name === EVENT).map((event) => ({ ...event, span: name })),
  );
  if (expected === undefined) return;
  assert.deepEqual(
    events.map(({ span }) => span),
    [expected],
  );
  const { attributes } = events[0]!;
  assert.ok(Number(attributes[`${EVENT}.duration`]) >= BLOCKED);
  const stack = attributes["code.stacktrace"];
  assert.ok(typeof stack === "string");
  if (inStack !== undefined) assert.match(stack, inStack);
  assert.doesNotMatch(stack.split("\n")[0] ?? "", /telltale|node:/);
}
