import type { Attributes } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import type { Config } from "../config/config.ts";
import { lazy } from "../lazy.ts";
import { detectResourceAttributes } from "./attributes.ts";

/** Only the SDK merges resources. */
const loadMergedResource = lazy<typeof import("./merged-resource.ts")>(
  "resource/merged-resource.ts",
);

type RawAttributes = ReturnType<Resource["getRawAttributes"]>;

/**
 * Creates the resource of all signals synchronously, without network requests. The
 * SDK's exporters, readers and processors accept it as a `Resource`, though no code
 * of the SDK is loaded. Never throws.
 */
export function createResource(config: Config): Resource {
  return new StaticResource(detectResourceAttributes(config));
}

/** A resource whose attributes are all known at its creation. */
class StaticResource implements Resource {
  readonly attributes: Attributes;
  readonly asyncAttributesPending = false;

  constructor(attributes: Attributes) {
    this.attributes = Object.freeze(attributes);
  }

  async waitForAsyncAttributes(): Promise<void> {}

  /** Merges two resources, in which the other's values win: https://opentelemetry.io/docs/specs/otel/resource/sdk/#merge */
  merge(other: Resource | null): Resource {
    return other === null ? this : new (loadMergedResource().MergedResource)(this, other);
  }

  getRawAttributes(): RawAttributes {
    return Object.entries(this.attributes);
  }
}
