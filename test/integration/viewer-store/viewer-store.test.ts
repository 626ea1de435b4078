import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import type { UnitDetail, UnitSummary } from "../../../src/viewer/model.ts";
import { type OtlpSignal, readExport } from "../../../src/otlp/decode.ts";
import { openStore, type TelemetryStore } from "../../../src/viewer/store/telemetry-store.ts";
import { pollUntil } from "../../until.ts";
import { preload, Program } from "../program.ts";

const app = fileURLToPath(new URL("shop.mjs", import.meta.url));

const FOR_DEVELOPMENT = "to the viewer";

/** How the telemetry is exported to `url`. */
const ways = [
  ...["http/protobuf", "http/json"].map((protocol) => ({
    title: `as ${protocol}`,
    variables: (url: string) => ({
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    }),
  })),
  { title: FOR_DEVELOPMENT, variables: (url: string) => ({ TELLTALE_VIEWER: url }) },
];

describe("The viewer's store, with the telemetry of two preloaded services", () => {
  for (const { title, variables } of ways) {
    it(`has each request whole, sent ${title}`, async () => {
      const intake = await startIntake();
      const services = await startServices(variables(intake.url));
      try {
        for (const path of ["/orders", "/fail"]) {
          await (await fetch(`${services.shop}${path}`)).text();
        }
        const [order, failed] = await pollUntil(async () => {
          const units = unitsOf(intake.store);
          const [one, two] = ["/orders", "/fail"].map((path) =>
            units.find((unit) => unit.path === path),
          );
          const isWhole = one?.counts.spans === 10 && one.counts.logs === 1;
          return isWhole && two?.counts.logs === 2 ? ([one, two] as const) : undefined;
        }, `both requests whole`);
        assertOrder(intake.store.unit(order.id));
        if (title === FOR_DEVELOPMENT) assertDevelopment(intake.store.unit(order.id));
        assert.equal(failed.failed, true);
        const detail = intake.store.unit(failed.id);
        const error = detail?.errors.find(({ message }) => message === "the order has no items");
        assert.equal(error?.frames[0]?.file, app);
        assert.match(error.source?.lines.join("\n") ?? "", /throw new TypeError/);
      } finally {
        services.end();
        await intake.close();
      }
    });
  }
});

function assertOrder(detail: UnitDetail | undefined): void {
  assert.ok(detail);
  const { summary, spans, logs } = detail;
  assert.deepEqual(
    [summary.service, summary.counts.queries, summary.counts.calls, summary.status],
    ["shop", 7, 1, 200],
  );
  assert.deepEqual(new Set(spans.map(({ service }) => service)), new Set(["shop", "prices"]));
  assert.deepEqual(
    spans.map(({ depth, kind }) => [depth, kind]),
    [
      [0, "server"],
      ...Array.from({ length: 6 }, () => [1, "client"]),
      ...[
        [1, "client"],
        [2, "server"],
        [3, "client"],
      ],
    ],
  );
  const [log] = logs;
  assert.equal(log?.message, "the order was loaded");
  assert.equal(log.spanId, spans[0]?.spanId);
  const sum = detail.timing.reduce((total, { ms }) => total + ms, 0);
  assert.ok(Math.abs(sum - summary.durationMs) < 0.01);
}

/** What only the viewer receives: call sites, parameters, headers and cache lookups. */
function assertDevelopment(detail: UnitDetail | undefined): void {
  assert.ok(detail);
  const { summary, spans, repeated, run } = detail;
  assert.deepEqual([summary.counts.cacheHits, summary.counts.cacheMisses], [1, 1]);
  assert.equal(summary.nPlusOne, true);
  const [group] = repeated;
  assert.deepEqual([group?.kind, group?.count, group?.distinct], ["n+1", 6, 6]);
  assert.equal(group?.place?.shown, "shop.mjs");
  const lines = readFileSync(app, "utf8").split("\n");
  assert.match(lines[(group.place?.line ?? 0) - 1] ?? "", /WHERE id = \?/);
  assert.deepEqual(spans[1]?.query?.parameters, [{ key: "0", value: "1" }]);
  assert.notEqual(run?.id, undefined);
}

function unitsOf(store: TelemetryStore): readonly UnitSummary[] {
  return store.units({ limit: 100, noise: true }).items;
}

interface Intake {
  readonly store: TelemetryStore;
  readonly url: string;
  close(): Promise<void>;
}

/** Starts an OTLP receiver that fills a store. */
async function startIntake(): Promise<Intake> {
  const projectFolder = fileURLToPath(new URL(".", import.meta.url));
  const store = openStore({ projectFolder, history: undefined });
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const signal = /^\/v1\/(\w+)$/.exec(request.url ?? "")?.[1] as OtlpSignal | undefined;
      if (signal === undefined) {
        response.writeHead(404).end();
        return;
      }
      const whole = Buffer.concat(parts);
      const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(whole) : whole;
      store.add(signal, readExport(signal, request.headers["content-type"] ?? "", body));
      response.end();
    });
  });
  const url = `http://127.0.0.1:${await listen(server)}`;
  return {
    ...{ store, url },
    async close() {
      server.close();
      server.closeAllConnections();
      store.close();
      await Promise.resolve();
    },
  };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function startServices(
  variables: Readonly<Record<string, string>>,
): Promise<{ readonly shop: string; end(): void }> {
  const programs: Program[] = [];
  const start = async (service: string, ...args: string[]): Promise<string> => {
    const program = new Program({
      ...{ file: app, flags: preload.import, args },
      env: {
        OTEL_SERVICE_NAME: service,
        ...variables,
        OTEL_EXPORTER_PROMETHEUS_PORT: "0",
        OTEL_NODE_DISABLED_INSTRUMENTATIONS: "console",
        OTEL_BSP_SCHEDULE_DELAY: "100",
        OTEL_BLRP_SCHEDULE_DELAY: "100",
        TELLTALE_SLOW_REQUEST_MS: "0",
      },
    });
    programs.push(program);
    const port = await program.waitForStdout((out) => /^port (\d+)\n/m.exec(out)?.[1]);
    return `http://127.0.0.1:${port}`;
  };
  const prices = await start("prices");
  const shop = await start("shop", prices);
  return { shop, end: () => programs.forEach((program) => program.kill("SIGKILL")) };
}
