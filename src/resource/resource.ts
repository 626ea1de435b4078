import type { Attributes } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import type { Config } from "../config/config.ts";
import { attributesOf } from "./attributes.ts";

type Raw = ReturnType<Resource["getRawAttributes"]>;

/**
 * The resource of all signals, complete at once: nothing is asked over the
 * network and nothing is awaited. It is what the SDK's exporters, readers and
 * processors take for a `Resource`, without a line of theirs loaded. Never throws.
 */
export function createResource(config: Config): Resource {
  return new SettledResource(attributesOf(config));
}

/** A resource whose attributes are all known. */
class SettledResource implements Resource {
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

  getRawAttributes(): Raw {
    return Object.entries(this.attributes);
  }
}

/** One resource over another, of which somebody else's may still be finding out its attributes. */
class MergedResource implements Resource {
  readonly schemaUrl?: string;
  readonly #below: Resource;
  readonly #above: Resource;

  constructor(below: Resource, above: Resource) {
    this.#below = below;
    this.#above = above;
    const schemaUrl = mergedSchema(below.schemaUrl, above.schemaUrl);
    if (schemaUrl !== undefined) this.schemaUrl = schemaUrl;
  }

  get attributes(): Attributes {
    return { ...this.#below.attributes, ...this.#above.attributes };
  }

  get asyncAttributesPending(): boolean {
    return [this.#below, this.#above].some((part) => part.asyncAttributesPending === true);
  }

  async waitForAsyncAttributes(): Promise<void> {
    await this.#below.waitForAsyncAttributes?.();
    await this.#above.waitForAsyncAttributes?.();
  }

  merge(other: Resource | null): Resource {
    return other === null ? this : new MergedResource(this, other);
  }

  /** The first of a name counts, as in the SDK's own. */
  getRawAttributes(): Raw {
    return [...this.#above.getRawAttributes(), ...this.#below.getRawAttributes()];
  }
}

/** Two that differ leave none. */
function mergedSchema(below: string | undefined, above: string | undefined): string | undefined {
  if (!below) return above;
  return !above || above === below ? below : undefined;
}
