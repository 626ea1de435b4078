import { readFileSync } from "node:fs";
import { arch, cpus, freemem, release, totalmem, type, uptime } from "node:os";
import type { Resource } from "@opentelemetry/resources";
import type { Event } from "@sentry/core";
import { tryRead } from "../../try-read.ts";

type Contexts = NonNullable<Event["contexts"]>;

/** How long the memory that was read is used, in milliseconds. Reading it takes 0.1 ms, from files of Linux. */
const MEMORY_MAX_AGE_MS = 1_000;

/**
 * Contexts of the process and of where it runs, in Sentry's shapes. Most are read at the
 * first event; the memory at most once a second.
 * https://develop.sentry.dev/sdk/data-model/event-payloads/contexts/
 */
export class ProcessContexts {
  readonly #resource: Resource;
  readonly #clock: () => number;
  #constant: Contexts | undefined = undefined;
  #memory: Memory | undefined = undefined;
  #memoryReadAt = 0;

  /** @param clock a monotonic clock, in milliseconds. */
  constructor(resource: Resource, clock: () => number = () => performance.now()) {
    this.#resource = resource;
    this.#clock = clock;
  }

  /** Returns copies: an event processor of the app may change them. */
  current(): Contexts {
    this.#constant ??= constantContexts(this.#resource);
    const contexts: Contexts = {};
    for (const [name, fields] of Object.entries(this.#constant)) contexts[name] = { ...fields };
    const { app, device } = this.#currentMemory();
    Object.assign(contexts.app ?? {}, app);
    Object.assign(contexts.device ?? {}, device);
    return contexts;
  }

  #currentMemory(): Memory {
    const now = this.#clock();
    if (this.#memory === undefined || now - this.#memoryReadAt >= MEMORY_MAX_AGE_MS) {
      this.#memory = readMemory();
      this.#memoryReadAt = now;
    }
    return this.#memory;
  }
}

/** The fields of the contexts that differ between events. */
interface Memory {
  readonly app: { readonly app_memory?: number; readonly free_memory?: number };
  readonly device: { readonly free_memory?: number };
}

/** Leaves out what can't be read, for instance because no file descriptor is left. */
function readMemory(): Memory {
  const appMemory = tryRead(() => process.memoryUsage.rss());
  const available = tryRead(() => process.availableMemory());
  const free = tryRead(freemem);
  return {
    app: {
      ...(appMemory !== undefined && { app_memory: appMemory }),
      ...(available !== undefined && { free_memory: available }),
    },
    device: free === undefined ? {} : { free_memory: free },
  };
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
  const upSeconds = tryRead(uptime);
  const memorySize = tryRead(totalmem);
  return {
    arch: arch(),
    ...(upSeconds !== undefined && {
      boot_time: new Date(Date.now() - upSeconds * 1000).toISOString(),
    }),
    ...(memorySize !== undefined && { memory_size: memorySize }),
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
