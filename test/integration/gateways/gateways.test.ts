import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { ReceivedSpan } from "../../../src/testing/received.ts";
import { freePort } from "../../free-port.ts";
import { preload, Program } from "../program.ts";
import { pollUntil } from "../../until.ts";
import { Gateway } from "./gateway.ts";

const app = fileURLToPath(new URL("apps/relay.mjs", import.meta.url));

/** Each of three gateways receives some of these, except in one run of 10^10. */
const REQUESTS = 60;
/** Two server spans, two spans of the services, and one client span. */
const SPANS = 5;

for (const protocol of ["http/protobuf", "http/json", "grpc"] as const) {
  describe(`Three gateways instead of one collector, ${protocol}`, () => {
    let gateways: Gateway[];
    let front: Program;
    let back: Program;
    let port: string;
    let requestCount = 0;
    /** Telemetry of the gateway before it was killed. */
    let lostSpans = 0;

    async function sendRequests(times: number): Promise<void> {
      for (let at = 0; at < times; at++) {
        const response = await fetch(`http://127.0.0.1:${port}/${requestCount++}`);
        await response.arrayBuffer();
      }
    }

    before(async () => {
      // The second one starts again on its port, which no other process gets meanwhile.
      gateways = await Promise.all([
        Gateway.start(),
        Gateway.start(await freePort()),
        Gateway.start(),
      ]);
      const urls = gateways.map(({ url, grpcUrl }) => (protocol === "grpc" ? grpcUrl : url));
      back = service("back", urls.toReversed());
      const backPort = await portOf(back);
      front = service("front", urls, `http://127.0.0.1:${backPort}`);
      port = await portOf(front);
    });
    after(async () => {
      for (const program of [front, back]) program?.kill("SIGKILL");
      await Promise.all([front?.ended, back?.ended, ...gateways.map((one) => one.kill())]);
    });

    it("receive each trace completely, from both services, with its logs", async () => {
      await sendRequests(REQUESTS);
      const spansByGateway = await allArrived(gateways, REQUESTS);
      assert.ok(spansByGateway.every((spans) => spans.length > 0));
      for (const [at, gateway] of gateways.entries()) {
        const traces = byTrace(spansByGateway[at] ?? []);
        for (const spans of traces.values()) {
          assert.equal(spans.length, SPANS);
          const services = new Set(
            spans.map(({ resource }) => resource.attributes["service.name"]),
          );
          assert.deepEqual(services, new Set(["front", "back"]));
        }
        const lines = await pollUntil(async () => {
          const logs = await gateway.logs();
          return logs.length >= 2 * traces.size ? logs : undefined;
        }, "the logs");
        assert.equal(lines.length, 2 * traces.size);
        assert.ok(lines.every(({ traceId }) => traces.has(traceId)));
      }
    });

    it("receive the traces of one of them during its outage", async () => {
      const [, stopped = assert.fail()] = gateways;
      const others = gateways.filter((gateway) => gateway !== stopped);
      const before = await countOf(others);
      lostSpans = (await stopped.spans()).length;
      await stopped.kill();
      await sendRequests(REQUESTS);
      await pollUntil(async () => {
        const arrived = (await countOf(others)) - before;
        assert.ok(arrived <= REQUESTS * SPANS, "nothing twice");
        return arrived === REQUESTS * SPANS ? true : undefined;
      }, "all spans at the two others");
      const all = (await Promise.all(others.map((gateway) => gateway.spans()))).flat();
      assert.equal(new Set(all.map(({ spanId }) => spanId)).size, all.length);
    });

    if (protocol !== "grpc") {
      it("receive their own traces again after an outage", async () => {
        const [first = assert.fail(), stopped = assert.fail(), last = assert.fail()] = gateways;
        const restarted = await Gateway.start(stopped.port);
        gateways = [first, restarted, last];
        await pollUntil(async () => {
          await sendRequests(3);
          return (await restarted.spans()).length > 0 ? true : undefined;
        }, "a trace at the one that is back");
      });
    }

    it("have all telemetry after the end of both services", async () => {
      await sendRequests(3);
      const made = await endOf(front, back);
      assert.deepEqual(made, { code: [0, 0], stderrLines: [] });
      const seen = await pollUntil(async () => {
        const all = (await Promise.all(gateways.map((gateway) => spansIfRunning(gateway)))).flat();
        return all.length >= requestCount * SPANS - lostSpans ? all : undefined;
      }, "the last spans");
      assert.equal(seen.length, requestCount * SPANS - lostSpans);
      assert.equal(new Set(seen.map(({ spanId }) => spanId)).size, seen.length);
    });

    it("have the metrics of a service at one gateway", async () => {
      const services = await pollUntil(async () => {
        const names = await servicesWithMetrics(gateways);
        return new Set(names).size === 2 ? names : undefined;
      }, "the metrics of both services");
      assert.deepEqual(services.toSorted(byText), ["back", "front"]);
    });
  });

  function service(name: string, urls: readonly string[], next?: string): Program {
    return new Program({
      file: app,
      flags: preload.import,
      env: {
        OTEL_SERVICE_NAME: name,
        OTEL_METRICS_EXPORTER: "otlp",
        // At the end only: what a slow run exports in the outage goes to another gateway.
        OTEL_METRIC_EXPORT_INTERVAL: "600000",
        OTEL_EXPORTER_PROMETHEUS_PORT: "0",
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_BSP_SCHEDULE_DELAY: "50",
        OTEL_BLRP_SCHEDULE_DELAY: "50",
        // On a busy machine any request may be slow, and the last flush may take long.
        TELLTALE_SLOW_REQUEST_MS: "0",
        TELLTALE_EVENT_LOOP_STALL_MS: "0",
        TELLTALE_FLUSH_TIMEOUT: "60000",
        TELLTALE_OTLP_ENDPOINTS: urls.join(","),
        ...(next !== undefined && { NEXT: next }),
      },
    });
  }
}

function portOf(program: Program): Promise<string> {
  return program.waitForStdout((stdout) => /^port (\d+)$/m.exec(stdout)?.[1]);
}

async function countOf(gateways: readonly Gateway[]): Promise<number> {
  const all = await Promise.all(gateways.map((gateway) => spansIfRunning(gateway)));
  return all.flat().length;
}

/** Returns the telemetry of a gateway, also after its end. */
function spansIfRunning(gateway: Gateway): Promise<readonly ReceivedSpan[]> {
  return gateway.spans().catch(() => []);
}

/** Waits for the spans of `requests`, and returns them by gateway. */
function allArrived(
  gateways: readonly Gateway[],
  requests: number,
): Promise<readonly (readonly ReceivedSpan[])[]> {
  return pollUntil(async () => {
    const spansByGateway = await Promise.all(gateways.map((gateway) => gateway.spans()));
    return spansByGateway.flat().length >= requests * SPANS ? spansByGateway : undefined;
  }, "all spans");
}

/** Returns the services with metrics, once for each gateway that has some. */
async function servicesWithMetrics(gateways: readonly Gateway[]): Promise<string[]> {
  const all = await Promise.all(gateways.map((gateway) => gateway.metrics().catch(() => [])));
  return all.flatMap((metrics) => [
    ...new Set(metrics.map((one) => one.resource.attributes["service.name"] as string)),
  ]);
}

interface ServicesEnd {
  readonly code: readonly (number | null)[];
  readonly stderrLines: readonly string[];
}

/** Ends both services, and returns their lines on stderr, except those about the outage. */
async function endOf(...programs: readonly Program[]): Promise<ServicesEnd> {
  for (const program of programs) program.kill("SIGTERM");
  const ends = await Promise.all(programs.map(({ ended }) => ended));
  const lines = ends.flatMap(({ stderr }) => stderr.split("\n").filter((line) => line !== ""));
  return {
    code: ends.map(({ code }) => code),
    stderrLines: lines.filter((line) => !/the other gateways get them|works again$/.test(line)),
  };
}

function byTrace(spans: readonly ReceivedSpan[]): Map<string, ReceivedSpan[]> {
  const traces = new Map<string, ReceivedSpan[]>();
  for (const span of spans) traces.set(span.traceId, [...(traces.get(span.traceId) ?? []), span]);
  return traces;
}

function byText(a: string, b: string): number {
  return a.localeCompare(b);
}
