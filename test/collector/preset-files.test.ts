import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { collector } from "../../scripts/collector/paths.ts";
import { SECRET_ENDINGS, SECRET_NAMES, SECRET_WORDS } from "../../src/secrets.ts";
import { harmlessQueryKeys, secretQueryKeys } from "../secret-keys.ts";
import { type PresetName, presets } from "./support/preset.ts";

/* Properties of the files themselves, without a Collector. */

interface Pipeline {
  readonly receivers: readonly string[];
  readonly processors: readonly string[];
  readonly exporters: readonly string[];
}

interface Configuration {
  readonly extensions: Readonly<Record<string, { readonly endpoint?: string }>>;
  readonly receivers: {
    readonly otlp: {
      readonly protocols: {
        readonly http: { readonly endpoint: string; readonly max_request_body_size: number };
        readonly grpc: { readonly endpoint: string; readonly max_recv_msg_size_mib: number };
      };
    };
  };
  readonly processors: Readonly<Record<string, unknown>> & {
    readonly redaction: { readonly blocked_values: readonly string[] };
  };
  readonly exporters: Readonly<Record<string, { readonly endpoint?: string }>>;
  readonly service: {
    readonly telemetry: {
      readonly metrics: {
        readonly readers: readonly {
          readonly pull: { readonly exporter: { readonly prometheus: { readonly host: string } } };
        }[];
      };
    };
    readonly pipelines: Readonly<Record<string, Pipeline>>;
  };
}

const LOOPBACK = /^127\.0\.0\.1:\$\{env:\w+_PORT:-\d+\}$/;
/** Addresses that are loopback by default. */
const LOOPBACK_BY_DEFAULT =
  /^\$\{env:TELLTALE_COLLECTOR_(?:INTERNAL_)?HOST:-127\.0\.0\.1\}(?::\$\{env:\w+_PORT:-\d+\})?$/;

const files = new Map(presets.map((name) => [name, configurationOf(name)]));

describe("The files of the presets", () => {
  it("redact the same query keys as the preload", () => {
    for (const [name, { processors }] of files) {
      const patterns = processors.redaction.blocked_values.filter((one) =>
        one.includes(`(?:${SECRET_ENDINGS})`),
      );
      assert.equal(patterns.length, 1, name);
      const [, pattern = ""] = /^\(\?i\)(.*)$/.exec(patterns[0]!) ?? [];
      for (const list of [SECRET_WORDS, SECRET_NAMES]) {
        assert.ok(pattern.includes(`(?:${list})`), `${list} in ${name}`);
      }
      const secret = new RegExp(pattern, "i");
      const isTaken = (key: string): boolean => secret.test(`GET /cb?page=2&${key}=xyz HTTP/1.1`);
      assert.deepEqual(
        secretQueryKeys.filter((key) => !isTaken(key)),
        [],
        name,
      );
      assert.deepEqual(harmlessQueryKeys.filter(isTaken), [], name);
    }
  });

  it("share their redaction rules", () => {
    const rules = [...files.values()].map(({ processors }) => ({
      redaction: processors.redaction,
      before: processors["transform/before_redaction"],
      after: processors["transform/after_redaction"],
    }));
    for (const one of rules) assert.deepEqual(one, rules[0]);
  });

  it("redact all telemetry before any other processor", () => {
    for (const [name, { service }] of files) {
      for (const [pipeline, { receivers, processors, exporters }] of Object.entries(
        service.pipelines,
      )) {
        if (!receivers.includes("otlp")) continue;
        const where = `${pipeline} of ${name}`;
        const at = processors.indexOf("redaction");
        assert.equal(processors[0], "memory_limiter", where);
        assert.notEqual(at, -1, where);
        assert.ok(exporters.length > 0, where);
        if (pipeline === "metrics") continue;
        assert.equal(processors[at - 1], "transform/before_redaction", where);
        assert.equal(processors[at + 1], "transform/after_redaction", where);
      }
    }
  });

  it("serve zpages and pprof on loopback only", () => {
    for (const [name, { extensions }] of files) {
      for (const extension of ["zpages", "pprof"]) {
        const { endpoint } = extensions[extension] ?? {};
        if (extension === "pprof" && name !== "gateway") assert.equal(endpoint, undefined);
        else assert.match(endpoint ?? "", LOOPBACK, `${extension} of ${name}`);
      }
    }
  });

  it("listen on loopback by default", () => {
    for (const [name, { extensions, receivers, exporters, service }] of files) {
      const { http, grpc } = receivers.otlp.protocols;
      const own = service.telemetry.metrics.readers[0]?.pull.exporter.prometheus.host;
      const endpoints = [
        ...[http.endpoint, grpc.endpoint, own, extensions["health_check"]?.endpoint],
        ...(name === "gateway" ? [exporters["prometheus"]?.endpoint] : []),
      ];
      for (const endpoint of endpoints) assert.match(endpoint ?? "", LOOPBACK_BY_DEFAULT, name);
    }
  });

  it("limit the size of a request", () => {
    for (const { receivers } of files.values()) {
      const { http, grpc } = receivers.otlp.protocols;
      assert.equal(http.max_request_body_size, 20 * 1024 * 1024);
      assert.equal(grpc.max_recv_msg_size_mib, 20);
    }
  });
});

function configurationOf(name: PresetName): Configuration {
  return parse(readFileSync(join(collector, `${name}.yaml`), "utf8")) as Configuration;
}
