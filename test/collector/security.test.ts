import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { collectorBinary } from "../../scripts/collector/build.ts";
import { readConfiguration } from "../../scripts/collector/configuration.ts";
import { collector } from "../../scripts/collector/paths.ts";
import { validate } from "../../scripts/collector/run.ts";
import { type Receiver, startReceiver } from "../../src/testing/receiver.ts";
import { makeCertificates } from "../export/certificates.ts";
import { preload, Program, telemetryEnv } from "../integration/program.ts";
import { pollUntil } from "../until.ts";
import { type Preset, startPreset } from "./support/preset.ts";
import { postTelemetry, otlpSpansOf } from "./support/telemetry.ts";

const app = fileURLToPath(new URL("apps/shop.mjs", import.meta.url));
const COLD_BUILD_MS = 30 * 60_000;
const TOKEN = "right-4f1d0c77";
const WRONG = "wrong-90ab11de";

type Env = Readonly<Record<string, string>>;

/** Settings of an app, and its expected output. */
interface Row {
  readonly title: string;
  /** Whether the gateway requires client certificates. */
  readonly mutual?: true;
  readonly env: Env;
  /** Its output on stderr; undefined: none, and its span arrives. */
  readonly line?: RegExp;
}

const bearer = (token: string): string => `authorization=Bearer%20${token}`;

describe("secure/receive.yaml and secure/forward.yaml", function () {
  const folder = mkdtempSync(join(tmpdir(), "telltale-secure-"));
  const file = (name: string): string => join(folder, name);
  let binary: string;
  let ca: string;
  let receiver: Receiver;
  let gateway: Preset;
  let mutual: Preset;

  before(async function () {
    this.timeout(COLD_BUILD_MS);
    binary = await collectorBinary();
    const made = makeCertificates();
    const otherAuthority = makeCertificates();
    ca = made.ca;
    const texts = {
      "ca.pem": made.ca,
      "client.key": made.client.key,
      "client.pem": made.client.cert,
      "server.key": made.server.key,
      "server.pem": made.server.cert,
      "stranger.pem": otherAuthority.ca,
      "stranger-client.key": otherAuthority.client.key,
      "stranger-client.pem": otherAuthority.client.cert,
    };
    for (const [name, text] of Object.entries(texts)) writeFileSync(file(name), text);
    receiver = await startReceiver();
    gateway = await startGateway({});
    mutual = await startGateway({ TELLTALE_COLLECTOR_CLIENT_CA: file("ca.pem") });
  });
  beforeEach(() => receiver.clear());
  after(async () => {
    await gateway?.stop();
    await mutual?.stop();
    await receiver?.close();
    rmSync(folder, { recursive: true });
  });

  function startGateway(env: Env): Promise<Preset> {
    return startPreset(
      binary,
      "gateway",
      {
        TELLTALE_COLLECTOR_BACKEND: receiver.url,
        TELLTALE_COLLECTOR_CERTIFICATE: file("server.pem"),
        TELLTALE_COLLECTOR_DECISION_WAIT: "200ms",
        TELLTALE_COLLECTOR_KEY: file("server.key"),
        TELLTALE_COLLECTOR_TOKEN: TOKEN,
        ...env,
      },
      [],
      ["secure/receive.yaml"],
    );
  }

  const trusting = { OTEL_EXPORTER_OTLP_CERTIFICATE: file("ca.pem") };
  const known = {
    OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: file("client.pem"),
    OTEL_EXPORTER_OTLP_CLIENT_KEY: file("client.key"),
  };
  const allowed = { OTEL_EXPORTER_OTLP_HEADERS: bearer(TOKEN) };
  const grpc = { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" };
  const rows: readonly Row[] = [
    { title: "the right token and authority", env: { ...trusting, ...allowed } },
    {
      title: "a wrong token",
      env: { ...trusting, OTEL_EXPORTER_OTLP_HEADERS: bearer(WRONG) },
      line: /401 Unauthorized; check OTEL_EXPORTER_OTLP_HEADERS/,
    },
    {
      title: "no token",
      env: trusting,
      line: /401 Unauthorized; check OTEL_EXPORTER_OTLP_HEADERS/,
    },
    {
      title: "another authority",
      env: { OTEL_EXPORTER_OTLP_CERTIFICATE: file("stranger.pem"), ...allowed },
      line: /its certificate is not trusted \(\w+\); check OTEL_EXPORTER_OTLP_CERTIFICATE/,
    },
    { title: "gRPC and the right token", env: { ...grpc, ...trusting, ...allowed } },
    {
      title: "gRPC and a wrong token",
      env: { ...grpc, ...trusting, OTEL_EXPORTER_OTLP_HEADERS: bearer(WRONG) },
      line: /answered UNAUTHENTICATED; check OTEL_EXPORTER_OTLP_HEADERS/,
    },
    {
      title: "its own certificate, where it must show one",
      mutual: true,
      env: { ...trusting, ...allowed, ...known },
    },
    {
      title: "no certificate, where it must show one",
      mutual: true,
      env: { ...trusting, ...allowed },
      line: /no TLS connection|closed before an answer|certificate/,
    },
    {
      title: "a stranger's certificate, where it must show one",
      mutual: true,
      env: {
        ...trusting,
        ...allowed,
        OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: file("stranger-client.pem"),
        OTEL_EXPORTER_OTLP_CLIENT_KEY: file("stranger-client.key"),
      },
      line: /no TLS connection|closed before an answer|certificate/,
    },
  ];

  for (const { title, env, line, mutual: isMutual } of rows) {
    const outcome = line === undefined ? "take what" : "refuse what, in one line,";
    it(`${outcome} a preloaded app sends with ${title}`, async () => {
      const { url, grpcUrl } = isMutual ? mutual : gateway;
      const plain = env["OTEL_EXPORTER_OTLP_PROTOCOL"] === "grpc" ? grpcUrl : url;
      const serverLine = await shopFailsOnce({
        OTEL_EXPORTER_OTLP_ENDPOINT: plain.replace("http:", "https:"),
        ...env,
      });
      if (line === undefined) {
        assert.equal(serverLine.stderr, "");
        const span = await receiver.waitFor(({ spans }) =>
          spans.find(({ spanId }) => spanId === serverLine.spanId),
        );
        assert.equal(span.kind, "SERVER");
        return;
      }
      const lines = serverLine.stderr.trim().split("\n");
      assert.equal(lines.length, 1, serverLine.stderr);
      assert.match(lines[0]!, line);
      assert.doesNotMatch(serverLine.stderr, new RegExp(`${TOKEN}|${WRONG}`));
      assert.deepEqual(receiver.spans, []);
    });
  }

  /** Runs an app that responds to one request with 500, and ends. */
  async function shopFailsOnce(env: Env): Promise<{ spanId: string; stderr: string }> {
    const shop = new Program({
      file: app,
      flags: preload.import,
      env: { ...telemetryEnv(receiver), OTEL_LOGS_EXPORTER: "none", SENTRY_DSN: "", ...env },
    });
    try {
      const port = await shop.waitForStdout((stdout) => /^port (\d+)$/m.exec(stdout)?.[1]);
      const response = await fetch(`http://127.0.0.1:${port}/fails`);
      const { spanId } = (await response.json()) as { spanId: string };
      shop.kill("SIGTERM");
      const { code, stderr } = await shop.ended;
      assert.equal(code, 0);
      return { spanId, stderr };
    } finally {
      shop.kill("SIGKILL");
      await shop.ended;
    }
  }

  for (const [title, headers, status] of [
    ["the right token", { authorization: `Bearer ${TOKEN}` }, 200],
    ["a wrong token", { authorization: `Bearer ${WRONG}` }, 401],
    ["the token in another scheme", { authorization: `Basic ${TOKEN}` }, 401],
    ["no token", {}, 401],
  ] as const) {
    it(`respond with ${status} to ${title}`, async () => {
      assert.equal(await statusOf(gateway.url, headers), status);
    });
  }

  it("accept TLS only", async () => {
    const response = await fetch(`${gateway.url}/v1/traces`, { method: "POST", body: "{}" });
    assert.equal(response.status, 400);
  });

  function statusOf(url: string, headers: Env): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const call = request(`${url.replace("http:", "https:")}/v1/traces`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        ca,
      });
      call.on("error", reject).on("response", (response) => {
        response.resume().on("end", () => resolve(response.statusCode));
      });
      call.end(JSON.stringify(otlpSpansOf([{ trace: 21, name: "direct" }])));
    });
  }

  describe("between agent and gateway", () => {
    const forwarding = {
      TELLTALE_COLLECTOR_GATEWAY_CA: file("ca.pem"),
      TELLTALE_COLLECTOR_GATEWAY_CERTIFICATE: file("client.pem"),
      TELLTALE_COLLECTOR_GATEWAY_KEY: file("client.key"),
      TELLTALE_COLLECTOR_GATEWAY_TOKEN: TOKEN,
    };

    it("forward a span with token and certificate", async () => {
      const agent = await startAgent(forwarding);
      try {
        await postTelemetry(
          agent.url,
          "traces",
          otlpSpansOf([{ trace: 22, name: "passed on", failed: true }]),
        );
        await receiver.waitFor(({ spans }) => spans.some(({ name }) => name === "passed on"));
        assert.ok(!agent.output().includes(TOKEN));
      } finally {
        await agent.stop();
      }
    });

    it("make the agent log what is wrong with its token, without the token", async () => {
      const agent = await startAgent({ ...forwarding, TELLTALE_COLLECTOR_GATEWAY_TOKEN: WRONG });
      try {
        await postTelemetry(
          agent.url,
          "traces",
          otlpSpansOf([{ trace: 23, name: "refused", failed: true }]),
        );
        await pollUntil(
          async () => (/Dropping data.*401/.test(agent.output()) ? true : undefined),
          () => `output of the agent: ${agent.output()}`,
        );
        assert.ok(!agent.output().includes(WRONG));
        assert.deepEqual(receiver.spans, []);
      } finally {
        await agent.stop();
      }
    });

    function startAgent(env: Env): Promise<Preset> {
      return startPreset(
        binary,
        "agent",
        { TELLTALE_COLLECTOR_GATEWAY: mutual.url.replace("http:", "https:"), ...env },
        [],
        ["secure/forward.yaml"],
      );
    }
  });

  it("don't start without a token", async () => {
    const files = ["gateway.yaml", "secure/receive.yaml"].map((name) => join(collector, name));
    await assert.rejects(
      readConfiguration(files, [], {}),
      /TELLTALE_COLLECTOR_TOKEN, .* are not set, and .*receive\.yaml requires/,
    );
    await assert.rejects(
      validate(binary, { names: files, files, text: "" }),
      /no bearer token provided/,
    );
  });

  it("keep the token out of the gateway's output and pages", async () => {
    const printed = await Promise.all(
      [gateway.metricsUrl, `${gateway.zpagesUrl}/servicez`, `${gateway.zpagesUrl}/extensionz`].map(
        async (url) => (await fetch(url)).text(),
      ),
    );
    assert.match(gateway.output(), /Everything is ready/);
    assert.ok(![gateway.output(), ...printed].join("\n").includes(TOKEN));
  });
});
