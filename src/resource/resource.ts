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
 *
 * @param path where the app is, if that is not the script of this process.
 */
export function createResource(config: Config, path?: string): ExtensibleResource {
  return new StaticResource(detectResourceAttributes(config, path));
}

/** The resource of this process, to which an extension of the app adds attributes. */
export interface ExtensibleResource extends Resource {
  /** Adds attributes, and replaces those of the same name; exports from then on have them. */
  extend(attributes: Attributes): void;
}

/** A resource whose own attributes are all known at its creation. */
class StaticResource implements ExtensibleResource {
  attributes: Attributes;
  readonly asyncAttributesPending = false;

  constructor(attributes: Attributes) {
    this.attributes = Object.freeze(attributes);
  }

  extend(attributes: Attributes): void {
    this.attributes = Object.freeze({ ...this.attributes, ...attributes });
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
