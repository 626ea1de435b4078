import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { adminPage } from "../../admin-page.ts";
import { freePort } from "../../free-port.ts";
import { parsePage, samplesOf, type ExpositionPage } from "../../metrics/exposition.ts";
import { pollUntil, pollUntilTrue } from "../../until.ts";
import { preload, Program } from "../program.ts";
import { Load } from "./load.ts";

const app = fileURLToPath(new URL("apps/cluster.cjs", import.meta.url));

interface Cluster {
  readonly program: Program;
  readonly port: number;
  readonly page: () => Promise<ExpositionPage>;
  /** Number of requests of its start. A page may not have the last ones yet, of a worker that is late. */
  readonly answered: number;
}

describe("The page of a cluster", () => {
  it("counts each request of a client, and never falls, while one worker after another is killed and replaced", async () => {
    const cluster = await start({ KILL: "SIGTERM" });
    const load = new Load(cluster.port, 16);
    await watchCounts(cluster, 12);
    await load.stop();
    let counted = 0;
    await pollUntilTrue(
      async () => {
        counted = countOf(await cluster.page()) - cluster.answered;
        return counted === load.completed;
      },
      () => `counted ${counted} of ${load.completed} requests; ${load.failed} failed`,
    );
    await end(cluster);
  });

  it("never falls while workers are killed by SIGKILL, and counts no request twice", async () => {
    const cluster = await start({ KILL: "SIGKILL" });
    const load = new Load(cluster.port, 16);
    await watchCounts(cluster, 4);
    await load.stop();
    const counted = (await watchCounts(cluster, 1)) - cluster.answered;
    // A worker may be killed between a response and its count, or between a count and its response.
    assert.ok(counted <= load.completed + load.failed, `${counted} of ${load.completed}`);
    assert.ok(counted > 0.8 * load.completed, `${counted} of ${load.completed}`);
    await end(cluster);
  });

  it("has all counts of workers that end while the primary does not run", async () => {
    const cluster = await start({});
    const pids = samplesOf(await cluster.page(), "nodejs_eventloop_utilization_ratio")
      .map(({ labels }) => Number(labels["process_pid"]))
      .filter((pid) => pid !== cluster.program.pid);
    assert.equal(pids.length, 4);
    const load = new Load(cluster.port, 16);
    await pollUntilTrue(() => load.completed > 100, "requests on all connections");
    cluster.program.kill("SIGSTOP");
    // Long enough for more changes than the system's buffers hold.
    await setTimeout(2000);
    await load.stop();
    for (const pid of pids) process.kill(pid, "SIGTERM");
    await pollUntilTrue(() => pids.every(hasEnded), "the end of all workers");
    cluster.program.kill("SIGCONT");
    let counted = 0;
    await pollUntilTrue(
      async () => {
        counted = countOf(await cluster.page()) - cluster.answered;
        return counted >= load.completed;
      },
      () => `counted ${counted} of ${load.completed} requests`,
    );
    assert.equal(counted, load.completed);
    await end(cluster);
  });

  it("does not wait for a worker that does not answer, and has its counts", async () => {
    const folder = mkdtempSync(join(tmpdir(), "telltale-cluster-"));
    const file = join(folder, "blocked");
    const cluster = await start({ BLOCK_FILE: file });
    for (let requests = 0; requests < 8; requests += 1) await request(cluster);
    const counted = cluster.answered + 8;
    await pollUntilTrue(async () => countOf(await cluster.page()) === counted, "all requests");
    let isAnswered = false;
    const blocked = request(cluster, "/block").then(() => (isAnswered = true));
    await pollUntilTrue(() => existsSync(file), "a worker that does not answer");
    for (let pages = 0; pages < 10; pages += 1)
      assert.equal(countOf(await cluster.page()), counted);
    assert.equal(isAnswered, false);
    rmSync(folder, { recursive: true });
    await blocked;
    await end(cluster);
  });

  it("leaves the messages and the end of the app alone, and prints nothing", async () => {
    const cluster = await start({});
    await cluster.page();
    await request(cluster, "/message");
    await cluster.program.waitForStdout((stdout) => stdout.includes("\n") || undefined);
    await end(cluster, '{"sent":true}\n');
  });

  it("has one target, gauges by their rule, and the workers' values by process where none fits", async () => {
    const cluster = await start({});
    const page = await cluster.page();
    const of = (name: string): number => samplesOf(page, name).length;
    assert.equal(of("target_info"), 1);
    assert.equal(of("process_uptime_seconds"), 1);
    assert.equal(of("nodejs_eventloop_delay_p99_seconds"), 1);
    const utilizations = samplesOf(page, "nodejs_eventloop_utilization_ratio");
    const processes = new Set(utilizations.map(({ labels }) => labels["process_pid"]));
    assert.equal(processes.size, utilizations.length);
    assert.equal(utilizations.length, 5);
    await end(cluster);
  });

  it("keeps the series of processes apart if asked to", async () => {
    const cluster = await start({ TELLTALE_METRICS_MERGE: "process.*=separate" });
    assert.equal(samplesOf(await cluster.page(), "process_memory_usage_bytes").length, 5);
    await end(cluster);
  });
});

/** Starts a cluster; resolves when its page has the primary and four workers. */
async function start(env: Readonly<Record<string, string>>): Promise<Cluster> {
  const [port, adminPort] = [await freePort(), await freePort()];
  const program = new Program({
    file: app,
    flags: preload.import,
    env: {
      PORT: String(port),
      OTEL_SERVICE_NAME: "shop",
      OTEL_EXPORTER_PROMETHEUS_PORT: String(adminPort),
      OTEL_TRACES_EXPORTER: "none",
      OTEL_LOGS_EXPORTER: "none",
      ...env,
    },
  });
  const page = async (): Promise<ExpositionPage> => {
    const response = await adminPage(adminPort, "/metrics");
    return parsePage(await response.text());
  };
  let answered = 0;
  await pollUntil(async () => {
    try {
      await request({ port });
      answered += 1;
      const processes = samplesOf(await page(), "nodejs_eventloop_utilization_ratio").length;
      return processes === 5 && countOf(await page()) > 0 ? true : undefined;
    } catch {
      return undefined;
    }
  }, "a page of five processes");
  return { program, port, page, answered };
}

async function request({ port }: Pick<Cluster, "port">, path = "/"): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  assert.equal(await response.text(), "ok");
}

/** Requests the page for some time, and fails if its count falls. Returns the last count. */
async function watchCounts({ page }: Cluster, seconds: number): Promise<number> {
  const until = performance.now() + seconds * 1000;
  let last = 0;
  while (performance.now() < until) {
    const count = countOf(await page());
    assert.ok(count >= last, `fell from ${last} to ${count}`);
    last = count;
    await setTimeout(50);
  }
  return last;
}

/** The number of responses; those that a killed worker did not send have no status. */
function countOf(page: ExpositionPage): number {
  return samplesOf(page, "http_server_request_duration_seconds_count")
    .filter(({ labels }) => labels["http_response_status_code"] === "200")
    .reduce((sum, { value }) => sum + value, 0);
}

/** Whether a process has ended, although its parent does not know it yet. */
function hasEnded(pid: number): boolean {
  return /^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
}

async function end({ program }: Cluster, stdout = ""): Promise<void> {
  program.kill("SIGUSR2");
  const result = await program.ended;
  assert.deepEqual([result.code, result.stdout, result.stderr], [0, stdout, ""]);
}
