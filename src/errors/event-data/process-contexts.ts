import { readFileSync } from "node:fs";
import { arch, cpus, freemem, release, totalmem, type, uptime } from "node:os";
import type { Resource } from "@opentelemetry/resources";
import type { Event } from "@sentry/core";
import { tryRead } from "../../try-read.ts";

type Contexts = NonNullable<Event["contexts"]>;

/**
 * Contexts of the process and of where it runs, in Sentry's shapes. Most are read at the
 * first event; the memory at each.
 * https://develop.sentry.dev/sdk/data-model/event-payloads/contexts/
 */
export class ProcessContexts {
  readonly #resource: Resource;
  #constant: Contexts | undefined = undefined;

  constructor(resource: Resource) {
    this.#resource = resource;
  }

  current(): Contexts {
    const constant = (this.#constant ??= constantContexts(this.#resource));
    return {
      ...constant,
      app: {
        ...constant.app,
        app_memory: process.memoryUsage.rss(),
        free_memory: process.availableMemory(),
      },
      device: { ...constant.device, free_memory: freemem() },
    };
  }
}

function constantContexts({ attributes }: Resource): Contexts {
  const cloud = fieldsOf(attributes, /^(?:cloud\.|host\.(?:id|type)$)/, "");
  const container = fieldsOf(attributes, /^container\./, "container.");
  const kubernetes = fieldsOf(attributes, /^k8s\./, "k8s.");
  return {
    app: { app_start_time: new Date(performance.timeOrigin).toISOString() },
    os: osContext(),
    device: deviceContext(),
    culture: tryRead(cultureContext) ?? {},
    ...(cloud !== undefined && { cloud_resource: cloud }),
    ...(container !== undefined && { container }),
    ...(kubernetes !== undefined && { kubernetes }),
  };
}

const osNames: Readonly<Record<string, string>> = { Darwin: "macOS", Windows_NT: "Windows" };

/** Returns the operating system; on Linux, as Sentry's SDK, the distribution. */
function osContext(): NonNullable<Contexts["os"]> {
  const kernelVersion = release();
  const distribution = type() === "Linux" ? tryRead(linuxDistribution) : undefined;
  const { name = osNames[type()] ?? type(), version = kernelVersion } = distribution ?? {};
  return { name, version, kernel_version: kernelVersion };
}

/** Reads the distribution. https://www.freedesktop.org/software/systemd/man/os-release.html */
function linuxDistribution(): { name?: string; version?: string } {
  const fields = new Map<string, string>();
  for (const line of readFileSync("/etc/os-release", "utf8").split("\n")) {
    const [, key, value] = /^(NAME|VERSION_ID)="?([^"]{1,100})"?$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) fields.set(key, value);
  }
  const [name, version] = [fields.get("NAME"), fields.get("VERSION_ID")];
  return { ...(name !== undefined && { name }), ...(version !== undefined && { version }) };
}

function deviceContext(): NonNullable<Contexts["device"]> {
  const processors = tryRead(cpus) ?? [];
  const [first] = processors;
  return {
    arch: arch(),
    boot_time: new Date(Date.now() - uptime() * 1000).toISOString(),
    memory_size: totalmem(),
    processor_count: processors.length,
    ...(first !== undefined && { cpu_description: first.model, processor_frequency: first.speed }),
  };
}

function cultureContext(): NonNullable<Contexts["culture"]> {
  const { locale, timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return { locale, timezone: timeZone };
}

/** Returns the attributes with matching names, without a prefix; undefined if there are none. */
function fieldsOf(
  attributes: Resource["attributes"],
  pattern: RegExp,
  prefix: string,
): Record<string, unknown> | undefined {
  const found = Object.entries(attributes).filter(([name]) => pattern.test(name));
  if (found.length === 0) return undefined;
  return Object.fromEntries(found.map(([name, value]) => [name.slice(prefix.length), value]));
}
