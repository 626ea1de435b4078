import assert from "node:assert/strict";
import { parse } from "yaml";
import { parseConfig } from "../../../src/config/parse.ts";
import { environmentOf } from "../../../src/env.ts";
import { recipe } from "./recipes.ts";

interface ContainerManifest {
  readonly name: string;
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
}

interface Deployment {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly initContainers: readonly ContainerManifest[];
        readonly containers: readonly ContainerManifest[];
      };
    };
  };
}

describe("The manifest of a sidecar", () => {
  const { spec } = (parse(recipe("containers.md", "sidecar")) as Deployment).spec.template;
  const [app] = spec.containers;
  const variables = Object.fromEntries(
    (app?.env ?? []).map(({ name, value = "" }) => [name, value.replace("$(POD_NAME)", "shop-1")]),
  );

  it("sets variables that telltale knows, to valid values", () => {
    const { config, issues } = parseConfig(environmentOf(variables));
    assert.deepEqual(issues, []);
    assert.equal(config.serviceName, "shop");
    assert.deepEqual(config.resourceAttributes, {
      "k8s.pod.name": "shop-1",
      "service.version": "1.2.3",
    });
    assert.ok(Object.keys(variables).length >= 6);
  });

  it("exposes the port of the admin server, and ends after the graceful shutdown", () => {
    const { config } = parseConfig(environmentOf(variables));
    assert.equal(
      app?.ports?.find(({ name }) => name === "metrics")?.containerPort,
      config.admin.port,
    );
    const deadlineMs = config.gracefulShutdown?.deadlineMs ?? Infinity;
    assert.ok(deadlineMs < spec.terminationGracePeriodSeconds * 1000);
  });
});
