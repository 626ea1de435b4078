import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../../src/testing/receiver.ts";
import {
  preload,
  Program,
  type ProgramOptions,
  telemetryEnv,
} from "../../../integration/program.ts";
import type { GroupServer, LibraryRun, RunGroup } from "../run-group.ts";
import type { Telemetry } from "../telemetry.ts";

const fileOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Components of the app and of a configuration file. */
export const extensionGroup: RunGroup = {
  title: "components of the app",
  startServer: startZipkin,
  runs: [
    {
      title: "a module beside package.json, with hooks, a sampler, ids and a resource",
      ...{ rows: [], isSelected: true },
      run: (env) =>
        runWith((receiver) => ({
          file: fileOf("../../../integration/extension/apps/shop/app.js"),
          env: { ...telemetryEnv(receiver), ...env },
        })),
    },
    {
      title: "published exporters, readers, views, a propagator and a detector",
      ...{ rows: [], isSelected: true },
      run: (env, { zipkin = "" }) =>
        runWith((receiver) => ({
          file: fileOf("../../extensions/apps/shop.js"),
          env: {
            ...telemetryEnv(receiver),
            ...env,
            RECEIVER: receiver.url,
            ZIPKIN: zipkin,
            TELLTALE_EXTENSION: fileOf("../../extensions/apps/telemetry.js"),
            OTEL_TRACES_EXPORTER: "none",
            OTEL_METRICS_EXPORTER: "none",
            OTEL_LOGS_EXPORTER: "none",
            WEBSITE_SITE_NAME: "shop-site",
            REGION_NAME: "switzerlandnorth",
          },
        })),
    },
    configurationFileRun(),
  ],
};

/** Several exporters of each signal, a sampler, and views. */
const file = `file_format: "1.1"
resource:
  attributes: [{ name: service.name, value: corner-shop }]
propagator:
  composite: [{ tracecontext: }]
tracer_provider:
  processors:
    - batch: { exporter: { otlp_http: { endpoint: "\${RECEIVER}/v1/traces" } } }
    - batch: { exporter: { otlp_http: { endpoint: "\${RECEIVER}/v1/traces", encoding: json } } }
  sampler:
    composite/development:
      rule_based:
        rules:
          - { span_kinds: [client], sampler: { always_off: } }
          - { sampler: { probability: { ratio: 1 } } }
meter_provider:
  readers:
    - periodic: { exporter: { otlp_http: { endpoint: "\${RECEIVER}/v1/metrics" } } }
    - periodic:
        exporter:
          otlp_http: { endpoint: "\${RECEIVER}/v1/metrics", temporality_preference: delta }
  views:
    - selector: { instrument_name: shop.* }
      stream:
        aggregation: { explicit_bucket_histogram: { boundaries: [2, 4] } }
        attribute_keys: { excluded: [user.*] }
    - selector: { instrument_name: shop.basket }
      stream: { name: shop.parts, aggregation: { sum: }, attribute_keys: { included: [user.id] } }
    - selector: { instrument_name: shop.basket }
      stream:
        name: shop.scaled
        aggregation: { base2_exponential_bucket_histogram: { max_size: 4, record_min_max: false } }
logger_provider:
  processors:
    - batch: { exporter: { otlp_http: { endpoint: "\${RECEIVER}/v1/logs" } } }
    - batch: { exporter: { otlp_http: { endpoint: "\${RECEIVER}/v1/logs" } } }
distribution:
  telltale:
    flush_timeout: 60000
    event_loop_stall_ms: 0
    slow_request_ms: 0
    pipeline: \${TELLTALE_PIPELINE}
`;

function configurationFileRun(): LibraryRun {
  return {
    title: "a configuration file, with several exporters, a sampler and views",
    ...{ rows: [], isSelected: true },
    async run({ TELLTALE_PIPELINE = "" }) {
      const folder = mkdtempSync(join(tmpdir(), "telltale-config-file-"));
      writeFileSync(join(folder, "otel.yaml"), file);
      try {
        return await runWith((receiver) => ({
          file: fileOf("../../../integration/config-file/shop.mjs"),
          cwd: folder,
          env: { OTEL_CONFIG_FILE: "otel.yaml", RECEIVER: receiver.url, TELLTALE_PIPELINE },
        }));
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  };
}

async function runWith(optionsFor: (receiver: Receiver) => ProgramOptions): Promise<Telemetry> {
  const receiver = await startReceiver();
  try {
    const ended = await new Program({ ...optionsFor(receiver), flags: preload.import }).ended;
    await receiver.settled();
    return { received: receiver, processes: [ended] };
  } finally {
    await receiver.close();
  }
}

/** Starts a server that accepts spans for Zipkin. */
async function startZipkin(): Promise<GroupServer> {
  const server = createServer((request, response) => {
    void text(request).then(() => response.writeHead(202).end());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    addresses: { zipkin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
