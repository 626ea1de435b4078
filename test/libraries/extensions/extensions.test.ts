import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { preload, Program, type ProgramResult, telemetryEnv } from "../../integration/program.ts";

const fileOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

interface ZipkinSpan {
  readonly name: string;
  readonly traceId: string;
  readonly parentId?: string;
  readonly localEndpoint: { readonly serviceName: string };
}

describe("Published components, unchanged, in an extension", () => {
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
  });
  after(() => receiver.close());

  const run = async (
    folder: string,
    [app, extension]: readonly [string, string],
    env: Record<string, string>,
  ): Promise<ProgramResult> => {
    const program = new Program({
      file: fileOf(`${folder}/apps/${app}`),
      flags: preload.import,
      env: {
        ...telemetryEnv(receiver),
        RECEIVER: receiver.url,
        TELLTALE_EXTENSION: fileOf(`${folder}/apps/${extension}`),
        OTEL_METRICS_EXPORTER: "none",
        ...env,
      },
    });
    const result = await program.ended;
    await receiver.settled();
    assert.deepEqual([result.code, result.stderr], [0, ""]);
    return result;
  };

  describe("that are built for the SDK 3", () => {
    let zipkin: Zipkin;
    let result: ProgramResult;
    before(async () => {
      zipkin = await Zipkin.start();
      receiver.clear();
      result = await run("../extensions", ["shop.js", "telemetry.js"], {
        ZIPKIN: zipkin.url,
        OTEL_TRACES_EXPORTER: "none",
        OTEL_LOGS_EXPORTER: "none",
        WEBSITE_SITE_NAME: "shop-site",
        REGION_NAME: "switzerlandnorth",
      });
    });
    after(() => zipkin.close());

    it("export spans: @opentelemetry/exporter-zipkin", () => {
      const price = zipkin.spans.find(({ name }) => name === "price") ?? assert.fail();
      const server = zipkin.spans.find(({ name }) => name === "GET") ?? assert.fail();
      assert.equal(price.traceId, server.traceId);
      assert.ok(price.parentId !== undefined);
      assert.equal(price.localEndpoint.serviceName, "warehouse");
      assert.deepEqual(receiver.spans, []);
    });

    it("export log records: @opentelemetry/sdk-logs and exporter-logs-otlp-proto", () => {
      const [record = assert.fail()] = receiver.logs;
      const price = zipkin.spans.find(({ name }) => name === "price") ?? assert.fail();
      assert.deepEqual([record.body, record.traceId], ["priced", price.traceId]);
    });

    it("export metrics: @opentelemetry/sdk-metrics and exporter-metrics-otlp-proto", () => {
      const pointsOf = (wanted: string): unknown[] =>
        receiver.metrics
          .filter(({ name }) => name === wanted)
          .flatMap(({ points }) => points.map(({ value, bounds }) => value ?? bounds));
      assert.deepEqual(pointsOf("shop.prices"), [2]);
      assert.deepEqual(pointsOf("http.server.request.duration"), [[1, 60]], "by a view");
      const others = receiver.metrics.map(({ name }) => name.split(".")[0]);
      assert.equal(others.includes("v8js"), false, "by a view");
    });

    it("detect the resource: @opentelemetry/resource-detector-azure", () => {
      const [record = assert.fail()] = receiver.logs;
      assert.equal(record.resource.attributes["cloud.provider"], "azure");
      assert.equal(record.resource.attributes["cloud.region"], "switzerlandnorth");
    });

    it("propagate: @opentelemetry/propagator-ot-trace", () => {
      const headers = JSON.parse(result.stdout) as Record<string, string>;
      assert.match(headers["ot-tracer-traceid"] ?? "", /^[0-9a-f]{16}$/);
      assert.equal(headers["traceparent"], undefined);
    });
  });

  describe("that are built for the SDK 1 and 2", () => {
    let result: ProgramResult;
    before(async () => {
      receiver.clear();
      result = await run("../extensions-2", ["shop.cjs", "telemetry.cjs"], {
        OTEL_TRACES_EXPORTER: "none",
        // Telltale's own one of the same library would record the call, too.
        OTEL_NODE_DISABLED_INSTRUMENTATIONS: "console,openai",
      });
    });
    const spanOf = (name: string): Receiver["spans"][number] =>
      receiver.spans.find((span) => span.name === name) ?? assert.fail(name);

    it("leave the app's result as it is", () => assert.equal(result.stdout, "12 francs\n"));

    it("export spans with parents and scopes: sdk-trace-base 1.30, exporter-trace-otlp-http 0.57", () => {
      const [advise, call] = [spanOf("advise"), spanOf("POST")];
      assert.equal(advise.scope.name, "shop");
      assert.equal(call.traceId, advise.traceId);
      assert.notEqual(call.parentSpanId, "");
    });

    it("copy baggage: @opentelemetry/baggage-span-processor", () => {
      const { attributes } = spanOf("advise");
      assert.deepEqual([attributes["shop.member"], attributes["other"]], ["gold", undefined]);
    });

    it("create ids: @opentelemetry/id-generator-aws-xray", () => {
      const seconds = Number.parseInt(spanOf("advise").traceId.slice(0, 8), 16);
      assert.ok(Math.abs(seconds - Date.now() / 1000) < 3600);
    });

    it("sample: @opentelemetry/sampler-composite", () => {
      assert.equal(spanOf("advise").traceState, "ot=th:0");
    });

    it("instrument: @arizeai/openinference-instrumentation-openai", () => {
      const chat = spanOf("OpenAI Chat Completions");
      assert.equal(chat.parentSpanId, spanOf("advise").spanId);
      const call = receiver.spans.find(({ name, kind }) => name === "POST" && kind === "CLIENT");
      assert.equal(call?.parentSpanId, chat.spanId);
      assert.equal(chat.attributes["llm.token_count.total"], 5);
    });
  });
});

/** A server of Zipkin. */
class Zipkin {
  readonly spans: ZipkinSpan[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      void text(request).then((body) => {
        this.spans.push(...(JSON.parse(body) as ZipkinSpan[]));
        response.writeHead(202).end();
      });
    });
  }

  static async start(): Promise<Zipkin> {
    const zipkin = new Zipkin();
    await once(zipkin.#server.listen(0, "127.0.0.1"), "listening");
    return zipkin;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}
