import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { collectorBinary } from "../../scripts/collector/build.ts";
import { secretQueryKeys } from "../secret-keys.ts";
import { type Receiver, startReceiver } from "../../src/testing/receiver.ts";
import { preload, Program, telemetryEnv } from "../integration/program.ts";
import { pollUntil } from "../until.ts";
import {
  type PlantLocation,
  plantLocations,
  type PlantedValue,
  plantingRequests,
  type Telemetry,
} from "./support/planting.ts";
import { type Preset, startPreset } from "./support/preset.ts";
import {
  harmlessAttributes,
  harmlessTexts,
  literalForms,
  queryForms,
  secretForms,
  secretKeys,
  WORD,
  wordOf,
} from "./support/secrets.ts";
import { idOf, makeLogs, postTelemetry } from "./support/telemetry.ts";

const app = fileURLToPath(new URL("apps/leaky.mjs", import.meta.url));
const COLD_BUILD_MS = 30 * 60_000;

/** A span name, without its secret. */
const MEASURED = /^traces_span_metrics_calls_total\{.*span_name="GET \/reset\/\*{4}"/m;

/** A planted text, and its part that must not arrive. */
interface Planted extends PlantedValue {
  readonly what: string;
  readonly where: string;
  readonly place: PlantLocation;
  /** Undefined: the text must arrive unchanged. */
  readonly secret?: string;
}

/** Compared with the presets in `preset-files.test.ts`. */
const someQueryKeys = secretQueryKeys.filter((_, at) => at % 4 === 0);

const planted = [...everySecretEverywhere()];
const harmless = [...everyHarmlessValueEverywhere()];

describe("Secrets that an app sends to the Collector", function () {
  // Long enough for a busy host.
  let binary: string;
  let receiver: Receiver;
  let gateway: Preset;
  let agent: Preset;
  /** Number of planted texts. */
  let arrived: Telemetry;
  before(async function () {
    this.timeout(COLD_BUILD_MS);
    binary = await collectorBinary();
    receiver = await startReceiver();
    gateway = await startPreset(binary, "gateway", {
      TELLTALE_COLLECTOR_BACKEND: receiver.url,
      TELLTALE_COLLECTOR_DECISION_WAIT: "500ms",
      TELLTALE_COLLECTOR_SPAN_METRICS_INTERVAL: "500ms",
    });
    agent = await startPreset(binary, "agent", { TELLTALE_COLLECTOR_GATEWAY: gateway.url });
    await sendAll(agent.url, [...planted, ...harmless]);
    await receiver.waitFor(
      () => countsOf(receiver) === countsOfPlants([...planted, ...harmless]),
      "all that was planted",
    );
    const { spans, logs, metrics } = receiver;
    arrived = { spans: [...spans], logs: [...logs], metrics: [...metrics] };
    await pollUntil(async () => {
      const page = await text(gateway.prometheusUrl);
      return MEASURED.test(page) ? page : undefined;
    }, "the span metrics");
  });
  after(async () => {
    await agent?.stop();
    await gateway?.stop();
    await receiver?.close();
  });

  it("are at least 60 different ones, in every field of telemetry", () => {
    const secrets = new Set(planted.map(({ secret }) => secret));
    assert.equal(secrets.size, planted.length);
    assert.ok(new Set(planted.map(({ what }) => what)).size >= 60);
    assert.deepEqual(
      Object.keys(plantLocations).filter((where) => !planted.some((one) => one.where === where)),
      [],
    );
  });

  it("do not arrive with any span, log or metric", () => {
    const { spans, logs, metrics } = arrived;
    assert.deepEqual(foundIn(JSON.stringify([spans, logs, metrics])), []);
  });

  it("are in no series that Prometheus finds at the gateway, span metrics among them", async () => {
    const page = await text(gateway.prometheusUrl, "application/openmetrics-text");
    assert.match(page, MEASURED);
    assert.match(page, /^app_planted\w*\{.*app_note="Bearer authentication is needed"/m);
    assert.match(page, /^app_planted\w*\{.* # \{.*trace_id="[0-9a-f]{32}"/m, "no exemplars");
    assert.deepEqual(foundIn(page), []);
    assert.deepEqual(foundIn(await text(gateway.prometheusUrl)), []);
  });

  it("are in no output, page or file of agent and gateway", async () => {
    for (const preset of [agent, gateway]) {
      const disk = filesIn(preset.directory).map((path) => readFileSync(path, "latin1"));
      assert.ok(disk.length > 0, "no queue");
      const pages = await Promise.all(
        [preset.metricsUrl, preset.healthUrl, `${preset.zpagesUrl}/pipelinez`].map((url) =>
          text(url),
        ),
      );
      assert.match(preset.output(), /Everything is ready/);
      assert.deepEqual(foundIn([preset.output(), ...disk, ...pages].join("\n")), []);
    }
  });

  it("leave similar texts unchanged", () => {
    const changed = harmless.flatMap((plant) => {
      const { where, what, value, place } = plant;
      const found = place.look(arrived, plant);
      return isDeepStrictEqual(found, value) ? [] : [{ where, what, value, found }];
    });
    assert.deepEqual(changed, []);
  });

  it("leave ids, times and links of their spans, logs and metrics unchanged", () => {
    const { spans } = arrived;
    const plants = planted.filter(({ place }) => place.signal === "traces");
    const ids = new Set(spans.map(({ traceId, spanId }) => `${traceId} ${spanId}`));
    const missing = plants.filter(
      ({ number }) => !ids.has(`${idOf(number, 32)} ${idOf(number, 16)}`),
    );
    assert.deepEqual(missing, []);
    assert.deepEqual(new Set(spans.map(({ durationMs }) => durationMs)), new Set([10]));
    const links = spans.flatMap((one) => one.links);
    assert.ok(links.length > 0);
    assert.deepEqual(
      new Set(links.map(({ traceId, spanId }) => `${traceId} ${spanId}`)),
      new Set([`${idOf(99, 32)} ${idOf(99, 16)}`]),
    );
  });

  it("leave no attributes of the redaction behind", () => {
    const { spans, logs, metrics } = arrived;
    assert.doesNotMatch(JSON.stringify([spans, logs, metrics]), /telltale\.redact|redaction\./);
  });

  it("don't arrive from a preloaded app either, unlike its traces, logs and metrics", async () => {
    receiver.clear();
    const last = wordOf(3_000_000);
    const leaky = new Program({
      file: app,
      flags: preload.import,
      args: [`--db-password=${last}`],
      env: {
        ...telemetryEnv(receiver),
        OTEL_EXPORTER_OTLP_ENDPOINT: agent.url,
        OTEL_METRICS_EXPORTER: "otlp",
        OTEL_NODE_DISABLED_INSTRUMENTATIONS: "",
        OTEL_RESOURCE_ATTRIBUTES: `deployment.note=Bearer%20${last},app.password=${last}`,
        SENTRY_DSN: "",
        TELLTALE_FLUSH_TIMEOUT: "60000",
      },
    });
    try {
      const { code, stdout, stderr } = await leaky.ended;
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      const output = JSON.parse(/^\{"secrets":.*$/m.exec(stdout)![0]) as {
        secrets: readonly (readonly [string, string])[];
        requests: number;
        lines: number;
      };
      assert.ok(output.secrets.length >= 60 && output.requests >= 60);
      const roots = (): number => receiver.spans.filter(({ kind }) => kind === "SERVER").length;
      await receiver.waitFor(
        ({ logs, metrics }) =>
          roots() >= output.requests &&
          logs.length >= output.lines &&
          metrics.some(({ name }) => name === "app.notes"),
        `what the app sent (${output.requests} requests, ${output.lines} lines)`,
      );
      const { spans, logs, metrics } = receiver;
      const whole = JSON.stringify([spans, logs, metrics]);
      for (const way of ["winston", "pino", "console", "exception.message", "app.batch"]) {
        assert.ok(whole.includes(way), `nothing arrived by ${way}`);
      }
      const secrets = [...output.secrets, ["a setting", last] as const];
      assert.deepEqual(
        secrets.filter(([, secret]) => whole.includes(secret)),
        [],
      );
      const page = await text(gateway.prometheusUrl, "application/openmetrics-text");
      assert.match(page, /service_name="warehouse"/);
      assert.deepEqual(
        secrets.filter(([, secret]) => page.includes(secret)),
        [],
      );
    } finally {
      leaky.kill("SIGKILL");
      await leaky.ended;
    }
  });

  it("are in neither console nor file of the local preset", async () => {
    const local = await startPreset(binary, "local", { TELLTALE_COLLECTOR_VERBOSITY: "detailed" });
    try {
      await sendAll(local.url, [...planted, ...harmless]);
      await postTelemetry(local.url, "logs", makeLogs());
      const written = await pollUntil(async () => {
        const file = existsSync(local.file) ? readFileSync(local.file, "utf8") : "";
        const both = [file, local.output()];
        return both.every((one) => one.includes("1.2.3")) ? both.join("\n") : undefined;
      }, "the last record in file and console");
      assert.deepEqual(foundIn(written), []);
    } finally {
      await local.stop();
    }
  });
});

function* everySecretEverywhere(): Generator<Planted> {
  let number = 0;
  for (const [where, place] of Object.entries(plantLocations)) {
    const literals = where === "a query's text" ? literalForms : [];
    for (const form of [...secretForms, ...queryForms(someQueryKeys), ...literals]) {
      const word = wordOf(++number);
      const secret = form.secret?.(word) ?? word;
      yield { what: form.what, where, place, number, value: form.text(word), secret };
    }
    for (const key of place.keyed ? secretKeys : []) {
      const word = wordOf(++number);
      yield { what: `the key ${key}`, where, place, number, key, value: word, secret: word };
    }
  }
}

function* everyHarmlessValueEverywhere(): Generator<Planted> {
  let number = 1_000_000;
  for (const [where, place] of Object.entries(plantLocations)) {
    for (const value of harmlessTexts) {
      yield { what: value, where, place, number: ++number, value };
    }
    for (const [key, value] of place.keyed ? Object.entries(harmlessAttributes) : []) {
      yield { what: key, where, place, number: ++number, key, value };
    }
  }
}

async function sendAll(url: string, plants: readonly Planted[]): Promise<void> {
  for (const { signal, body } of plantingRequests(plants)) await postTelemetry(url, signal, body);
}

function countsOf({ spans, logs, metrics }: Receiver): string {
  const points = metrics.filter(({ name }) => name === "app.planted").map((one) => one.points);
  return `${spans.length} spans, ${logs.length} logs, ${points.flat().length} points`;
}

function countsOfPlants(plants: readonly Planted[]): string {
  const count = (signal: PlantLocation["signal"]): number =>
    plants.filter(({ place }) => place.signal === signal).length;
  return `${count("traces")} spans, ${count("logs")} logs, ${count("metrics")} points`;
}

function foundIn(whole: string): readonly string[] {
  // Most secrets are words: a search for each one on the whole disk would take long.
  const words = new Set(whole.match(WORD));
  return planted
    .filter(({ number, secret }) =>
      secret === wordOf(number) ? words.has(secret) : whole.includes(secret!),
    )
    .map(({ what, where, value }) => `${what} in ${where}: ${JSON.stringify(value)}`);
}

async function text(url: string, accept = "*/*"): Promise<string> {
  return (await fetch(url, { headers: { accept } })).text();
}

function filesIn(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name));
}
