import assert from "node:assert/strict";
import { cpus, totalmem } from "node:os";
import type { Resource } from "@opentelemetry/resources";
import { ProcessContexts } from "../../../src/errors/event-data/process-contexts.ts";

const contextsOf = (attributes: Resource["attributes"]): ReturnType<ProcessContexts["current"]> =>
  new ProcessContexts({ attributes } as Resource).current();

describe("The contexts of the process", () => {
  it("describe the app, the machine and the culture", () => {
    const { app, device, os, culture } = contextsOf({});
    assert.equal(Date.parse(app?.app_start_time ?? ""), Math.trunc(performance.timeOrigin));
    assert.ok(Number(app?.app_memory) > 1_000_000 && Number(app?.free_memory) > 0);
    assert.equal(device?.arch, process.arch);
    assert.equal(device.processor_count, cpus().length);
    assert.equal(device.memory_size, totalmem());
    assert.ok(Number(device.free_memory) > 0);
    assert.ok(Date.parse(device.boot_time ?? "") < Date.now());
    assert.equal(typeof os?.name, "string");
    assert.equal(typeof os?.version, "string");
    assert.equal(typeof os?.kernel_version, "string");
    assert.deepEqual(culture, {
      locale: Intl.DateTimeFormat().resolvedOptions().locale,
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    });
  });

  it("have the cloud, the container and Kubernetes where the resource knows them", () => {
    const resource = {
      "service.name": "shop",
      "host.name": "node-7",
      "cloud.provider": "aws",
      "cloud.region": "eu-central-1",
      "host.id": "i-1",
      "container.id": "c1",
      "container.image.name": "shop",
      "k8s.pod.name": "shop-1",
    };
    const { cloud_resource: cloud, container, kubernetes } = contextsOf(resource);
    assert.deepEqual(cloud, {
      "cloud.provider": "aws",
      "cloud.region": "eu-central-1",
      "host.id": "i-1",
    });
    assert.deepEqual(container, { id: "c1", "image.name": "shop" });
    assert.deepEqual(kubernetes, { "pod.name": "shop-1" });
    const without = Object.keys(contextsOf({ "service.name": "shop" }));
    assert.deepEqual(without, ["app", "os", "device", "culture"]);
  });

  it("are not shared by events, whose processors may change them", () => {
    const contexts = new ProcessContexts({ attributes: {} } as Resource);
    const expected = contexts.current().os?.name;
    const { os } = contexts.current();
    Object.assign(os ?? {}, { name: "changed" });
    assert.equal(contexts.current().os?.name, expected);
  });

  it("have the memory of each second", () => {
    let now = 0;
    const contexts = new ProcessContexts({ attributes: {} } as Resource, () => now);
    const before = contexts.current();
    const held = Buffer.alloc(200_000_000, 1);
    now = 999;
    assert.deepEqual(contexts.current(), before);
    now = 1_000;
    const after = contexts.current();
    assert.ok(
      Number(after.app?.app_memory) - Number(before.app?.app_memory) > 20_000_000,
      `${held.length}`,
    );
    assert.equal(after.device?.boot_time, before.device?.boot_time);
  });
});
