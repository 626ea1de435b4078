import assert from "node:assert/strict";
import { hostname } from "node:os";
import { basename } from "node:path";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { JsonMetricsSerializer, ProtobufMetricsSerializer } from "@opentelemetry/otlp-transformer";
import { parseConfig } from "../../src/config/parse.ts";
import { environmentOf } from "../../src/env.ts";
import { createResource } from "../../src/resource/resource.ts";
import { version } from "../../src/version.ts";
import manifest from "../../package.json" with { type: "json" };

describe("The resource", () => {
  it("describes the process by the conventions", () => {
    const { attributes } = resource({ OTEL_SERVICE_NAME: "shop", NODE_ENV: "production" });
    const expected: Readonly<Record<string, unknown>> = {
      "service.name": "shop",
      "deployment.environment.name": "production",
      "telemetry.sdk.name": "telltale",
      "telemetry.sdk.language": "nodejs",
      "telemetry.sdk.version": manifest.version,
      "telemetry.distro.name": "telltale",
      "telemetry.distro.version": manifest.version,
      "host.name": hostname(),
      "process.pid": process.pid,
      "process.executable.path": process.execPath,
      "process.executable.name": basename(process.execPath),
      "process.runtime.name": "nodejs",
      "process.runtime.version": process.versions.node,
    };
    for (const [name, value] of Object.entries(expected))
      assert.equal(attributes[name], value, name);
    assert.match(
      String(attributes["service.instance.id"]),
      /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/,
    );
  });

  it("has the version of package.json", () => {
    assert.equal(version, manifest.version);
  });

  it("keeps its instance id for the life of the process", () => {
    const ids = [resource({}), resource({})].map((one) => one.attributes["service.instance.id"]);
    assert.equal(ids[0], ids[1]);
  });

  it("has the environment's value for every attribute but the service's name", () => {
    const { attributes } = resource({
      OTEL_SERVICE_NAME: "shop",
      OTEL_RESOURCE_ATTRIBUTES:
        "host.name=other,service.instance.id=1,telemetry.distro.version=x,service.name=y,team=a%20b",
      SENTRY_ENVIRONMENT: "staging",
      NODE_ENV: "production",
    });
    assert.equal(attributes["host.name"], "other");
    assert.equal(attributes["service.instance.id"], "1");
    assert.equal(attributes["telemetry.distro.version"], "x");
    assert.equal(attributes["service.name"], "shop");
    assert.equal(attributes["team"], "a b");
    assert.equal(attributes["deployment.environment.name"], "staging");
  });

  it("leaves out empty and unknown attributes, but never the service's name", () => {
    const { attributes } = resource({
      OTEL_RESOURCE_ATTRIBUTES: "service.name=,service.version=,host.name=",
    });
    assert.ok(attributes["service.name"]);
    assert.ok(!("host.name" in attributes));
    assert.ok(!("service.version" in attributes));
    assert.ok(!("deployment.environment.name" in attributes));
    assert.ok(!Object.values(attributes).includes(undefined));
  });

  const always = ["service.name", "service.version", "vcs.", "telemetry"];
  const detectors: readonly [string, readonly string[]][] = [
    ["none", []],
    ["host", ["host."]],
    ["os", ["os."]],
    ["process", ["process."]],
    ["serviceinstance", ["service.instance.id"]],
    ["env", ["team"]],
    ["env,os", ["team", "os."]],
  ];
  for (const [names, prefixes] of detectors) {
    it(`detects only what OTEL_NODE_RESOURCE_DETECTORS=${names} names`, () => {
      const { attributes } = resource({
        OTEL_NODE_RESOURCE_DETECTORS: names,
        OTEL_RESOURCE_ATTRIBUTES: "team=a",
      });
      const found = Object.keys(attributes).filter(
        (name) => !always.some((prefix) => name.startsWith(prefix)),
      );
      for (const name of found)
        assert.ok(
          prefixes.some((prefix) => name.startsWith(prefix)),
          name,
        );
      for (const prefix of prefixes)
        assert.ok(
          found.some((name) => name.startsWith(prefix)),
          prefix,
        );
    });
  }

  it("is complete at once and can't be changed", async () => {
    const one = resource({});
    assert.equal(one.asyncAttributesPending, false);
    await one.waitForAsyncAttributes?.();
    assert.ok(Object.isFrozen(one.attributes));
  });
});

describe("The resource with the SDK", () => {
  const ours = resource({ OTEL_SERVICE_NAME: "shop", OTEL_NODE_RESOURCE_DETECTORS: "none" });

  it("is serialized by the exporters, as JSON and as protobuf", () => {
    const metrics = { resource: ours, scopeMetrics: [] };
    const json = Buffer.from(JsonMetricsSerializer.serializeRequest(metrics) ?? []).toString();
    assert.match(json, /"service.name","value":\{"stringValue":"shop"\}/);
    const binary = Buffer.from(ProtobufMetricsSerializer.serializeRequest(metrics) ?? []);
    assert.ok(binary.includes("service.name") && binary.includes("shop"));
  });

  it("is merged as the SDK's: the other's values win", () => {
    const theirs = resourceFromAttributes({ "service.name": "pay", team: "a" });
    assert.deepEqual(ours.merge(theirs).attributes, { ...ours.attributes, ...theirs.attributes });
    assert.deepEqual(theirs.merge(ours).attributes, { ...theirs.attributes, ...ours.attributes });
    assert.deepEqual(resourceFromAttributes({}).merge(ours.merge(theirs)).attributes, {
      ...ours.attributes,
      ...theirs.attributes,
    });
    assert.equal(ours.merge(null), ours);
  });

  it("waits in a merge for the attributes that the other still detects", async () => {
    const slow = resourceFromAttributes({});
    const pending = resourceFromAttributes({ region: Promise.resolve("eu") });
    const merged = ours.merge(slow).merge(pending);
    assert.equal(merged.asyncAttributesPending, true);
    await merged.waitForAsyncAttributes?.();
    assert.equal(merged.asyncAttributesPending, false);
    assert.equal(merged.attributes["region"], "eu");
    assert.equal(merged.attributes["service.name"], "shop");
  });

  const schemas: readonly [string | undefined, string | undefined, string | undefined][] = [
    [undefined, undefined, undefined],
    ["https://a", undefined, "https://a"],
    [undefined, "https://b", "https://b"],
    ["https://a", "https://a", "https://a"],
    ["https://a", "https://b", undefined],
  ];
  for (const [first, second, merged] of schemas) {
    it(`has in a merge of schemas ${first} and ${second} ${merged}`, () => {
      const one = ours.merge(withSchema(first)).merge(withSchema(second));
      assert.equal(one.schemaUrl, merged);
    });
  }
});

function withSchema(schemaUrl: string | undefined): ReturnType<typeof resourceFromAttributes> {
  return resourceFromAttributes({}, schemaUrl === undefined ? {} : { schemaUrl });
}

function resource(given: Readonly<Record<string, string>>): ReturnType<typeof createResource> {
  return createResource(parseConfig(environmentOf(given)).config);
}
