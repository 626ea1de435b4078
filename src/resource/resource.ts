import type { Attributes } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import type { Config } from "../config/config.ts";
import { detectResourceAttributes } from "./attributes.ts";

type RawAttributes = ReturnType<Resource["getRawAttributes"]>;

/**
 * The resource of all signals, complete at once: nothing is asked over the
 * network and nothing is awaited. It is what the SDK's exporters, readers and
 * processors take for a `Resource`, without a line of theirs loaded. Never throws.
 */
export function createResource(config: Config): Resource {
  return new StaticResource(detectResourceAttributes(config));
}

/** A resource whose attributes are all known. */
class StaticResource implements Resource {
  readonly attributes: Attributes;
  readonly asyncAttributesPending = false;

  constructor(attributes: Attributes) {
    this.attributes = Object.freeze(attributes);
  }

  async waitForAsyncAttributes(): Promise<void> {}

  /** As specified: the other's values win. https://opentelemetry.io/docs/specs/otel/resource/sdk/#merge */
  merge(other: Resource | null): Resource {
    return other === null ? this : new MergedResource(this, other);
  }

  getRawAttributes(): RawAttributes {
    return Object.entries(this.attributes);
  }
}

/** One resource over another, of which somebody else's may still be finding out its attributes. */
class MergedResource implements Resource {
  readonly schemaUrl?: string;
  readonly #base: Resource;
  readonly #overrides: Resource;

  constructor(base: Resource, overrides: Resource) {
    this.#base = base;
    this.#overrides = overrides;
    const schemaUrl = mergeSchemaUrls(base.schemaUrl, overrides.schemaUrl);
    if (schemaUrl !== undefined) this.schemaUrl = schemaUrl;
  }

  get attributes(): Attributes {
    return { ...this.#base.attributes, ...this.#overrides.attributes };
  }

  get asyncAttributesPending(): boolean {
    return [this.#base, this.#overrides].some((part) => part.asyncAttributesPending === true);
  }

  async waitForAsyncAttributes(): Promise<void> {
    await this.#base.waitForAsyncAttributes?.();
    await this.#overrides.waitForAsyncAttributes?.();
  }

  merge(other: Resource | null): Resource {
    return other === null ? this : new MergedResource(this, other);
  }

  /** The first of a name counts, as in the SDK's own. */
  getRawAttributes(): RawAttributes {
    return [...this.#overrides.getRawAttributes(), ...this.#base.getRawAttributes()];
  }
}

/** Two that differ leave none. */
function mergeSchemaUrls(
  base: string | undefined,
  overrides: string | undefined,
): string | undefined {
  if (!base) return overrides;
  return !overrides || overrides === base ? base : undefined;
}
