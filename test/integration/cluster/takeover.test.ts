import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "../../free-port.ts";
import { type ExpositionPage, parsePage, samplesOf } from "../../metrics/exposition.ts";
import { pollUntil, pollUntilTrue } from "../../until.ts";
import { preload, Program } from "../program.ts";

const app = fileURLToPath(new URL("apps/forked.cjs", import.meta.url));

interface Server {
  readonly pid: number;
  readonly port: number;
}

/** The signal that ends the owner of the page, and whether the counts since the last page remain. */
const ends: readonly (readonly [NodeJS.Signals, boolean])[] = [
  ["SIGTERM", true],
  ["SIGKILL", false],
];

describe("The page of processes whose launcher is not preloaded", () => {
  for (const [signal, isExact] of ends) {
    it(`has all of them, and does not fall when another process takes it over after ${signal}`, async () => {
      const adminPort = await freePort();
      const program = launch(adminPort);
      const page = (): Promise<ExpositionPage> => pageOn(adminPort);
      let servers = await serversOf(program, 3);
      const endedOwners = new Set<number>();
      await pollUntil(
        async () => (await processesOn(page)) === 3 || undefined,
        "a page of three processes",
      );
      let requests = 0;
      for (let takeovers = 0; takeovers < 3; takeovers += 1) {
        requests += await requestAll(servers);
        if (!isExact) await pollUntilTrue(async () => countOf(await page()) === requests, "all");
        const owner = await ownerOf(page);
        process.kill(owner, signal);
        endedOwners.add(owner);
        await watchTakeover(page, isExact ? 0 : requests, owner);
        await pollUntilTrue(async () => countOf(await page()) === requests, `${requests} requests`);
        // The processes get the port in any order, not in that of their start.
        const started = await serversOf(program, 4 + takeovers);
        servers = started.filter(({ pid }) => !endedOwners.has(pid));
        await pollUntilTrue(async () => (await processesOn(page)) === 3, "a page of three");
      }
      program.kill("SIGUSR2");
      const { code, stderr } = await program.ended;
      assert.deepEqual([code, stderr], [0, ""]);
    });
  }
});

/** Starts the launcher, which preloads telltale in its children only. */
function launch(adminPort: number): Program {
  return new Program({
    file: app,
    env: {
      SERVER_OPTIONS: preload.import.join("="),
      OTEL_SERVICE_NAME: "shop",
      OTEL_EXPORTER_PROMETHEUS_PORT: String(adminPort),
      OTEL_TRACES_EXPORTER: "none",
      OTEL_LOGS_EXPORTER: "none",
    },
  });
}

/** Waits until the launcher has printed this number of servers. */
function serversOf(program: Program, count: number): Promise<Server[]> {
  return program.waitForStdout((stdout) => {
    const lines = stdout.split("\n").slice(0, -1);
    return lines.length >= count ? lines.map((line) => JSON.parse(line) as Server) : undefined;
  });
}

async function requestAll(servers: readonly Server[]): Promise<number> {
  let requests = 0;
  for (const [index, { port }] of servers.entries()) {
    for (let sent = 0; sent <= index; sent += 1) {
      const response = await fetch(`http://127.0.0.1:${port}/`);
      await response.text();
      requests += 1;
    }
  }
  return requests;
}

async function pageOn(port: number): Promise<ExpositionPage> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  return parsePage(await response.text());
}

async function processesOn(page: () => Promise<ExpositionPage>): Promise<number> {
  try {
    return samplesOf(await page(), "nodejs_eventloop_utilization_ratio").length;
  } catch {
    return 0;
  }
}

/** Returns the process id of the target. */
async function ownerOf(page: () => Promise<ExpositionPage>): Promise<number> {
  const [target] = samplesOf(await page(), "target_info");
  return Number(target?.labels["process_pid"]);
}

/** Requests the page until it is another process's, and fails if its count falls. */
async function watchTakeover(
  page: () => Promise<ExpositionPage>,
  atLeast: number,
  owner: number,
): Promise<void> {
  await pollUntilTrue(async () => {
    try {
      const current = await page();
      const count = countOf(current);
      assert.ok(count >= atLeast, `fell from ${atLeast} to ${count}`);
      return Number(samplesOf(current, "target_info")[0]?.labels["process_pid"]) !== owner;
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      await setTimeout(10);
      return false;
    }
  }, "another owner");
}

function countOf(page: ExpositionPage): number {
  return samplesOf(page, "http_server_request_duration_seconds_count").reduce(
    (sum, { value }) => sum + value,
    0,
  );
}
