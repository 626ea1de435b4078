import type { Attributes } from "@opentelemetry/api";
import type { Config } from "../config/config.ts";
import { runSuppressed } from "../context/manager.ts";
import { propertyOf } from "../property.ts";
import type { ExtensibleResource } from "../resource/resource.ts";
import { isThenable } from "../thenable.ts";
import type { ReadConfig } from "./read-config.ts";
import type { ExtensionReport } from "./report.ts";
import { isObject } from "./values.ts";

interface ResourceDeps {
  readonly config: Config;
  readonly resource: Pick<ExtensibleResource, "extend">;
  readonly report: ExtensionReport;
}

/** Adds the attributes of a configuration to the resource: those of its resource, then the detected ones. */
export function extendResource(
  { resource, resourceDetectors = [], serviceName }: ReadConfig,
  deps: ResourceDeps,
): void {
  const extension = new ResourceExtension(deps);
  if (resource !== undefined) extension.addAttributes(propertyOf(resource, "attributes"));
  for (const [index, detector] of (resourceDetectors as Detector[]).entries())
    extension.detect(detector, `resourceDetectors[${index}]`);
  if (serviceName !== undefined) extension.addAttributes({ "service.name": serviceName });
}

interface Detector {
  detect(): unknown;
}

/** Attributes that are reserved for the SDK: a default resource of OpenTelemetry's has its own. */
const RESERVED = /^telemetry\.(sdk|distro)\./;

class ResourceExtension {
  readonly #deps: ResourceDeps;

  constructor(deps: ResourceDeps) {
    this.#deps = deps;
  }

  /** Runs a detector. Attributes that it has to wait for are added when they are there. */
  detect(detector: Detector, what: string): void {
    const instead = "its attributes are missing";
    this.#deps.report.guard(`${what}.detect`, instead, () => {
      const detected = runSuppressed(() => detector.detect());
      return this.#when(detected, (resource) => this.#addDetected(resource, what));
    });
  }

  /** Those of the SDK 1 are a resource, which may wait for some; later ones have promises as values. */
  #addDetected(resource: unknown, what: string): void {
    this.addAttributes(propertyOf(resource, "attributes"));
    if (propertyOf(resource, "asyncAttributesPending") !== true) return;
    void this.#deps.report.guard(what, "its attributes are missing", async () => {
      await (resource as { waitForAsyncAttributes(): Promise<void> }).waitForAsyncAttributes();
      this.addAttributes(propertyOf(resource, "attributes"));
    });
  }

  /** Adds those that have a value, and the others as soon as they have one. Never throws. */
  addAttributes(attributes: unknown): void {
    if (!isObject(attributes)) return;
    const { report } = this.#deps;
    const known: Attributes = {};
    for (const [name, value] of Object.entries(attributes)) {
      if (this.#isFixed(name, value)) continue;
      if (isAttributeValue(value)) known[name] = value;
      else if (isThenable(value))
        report.guard(`resource.${name}`, "it is missing", () =>
          this.#when(value, (late) => this.addAttributes({ [name]: late })),
        );
    }
    this.#deps.resource.extend(known);
  }

  #when(value: unknown, use: (value: unknown) => void): unknown {
    if (isThenable(value)) return value.then(use);
    use(value);
    return undefined;
  }

  /** Whether the environment or telltale decides on an attribute. */
  #isFixed(name: string, value: unknown): boolean {
    const { resourceAttributes, serviceName } = this.#deps.config;
    if (RESERVED.test(name) || Object.hasOwn(resourceAttributes, name)) return true;
    if (name !== "service.name") return false;
    return serviceName !== undefined || String(value).startsWith("unknown_service");
  }
}

function isAttributeValue(value: unknown): value is string | number | boolean | string[] {
  if (Array.isArray(value)) return value.every((entry) => typeof entry !== "object");
  return ["string", "number", "boolean"].includes(typeof value);
}
