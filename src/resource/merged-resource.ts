import type { Attributes } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";

type RawAttributes = ReturnType<Resource["getRawAttributes"]>;

/** Two merged resources. A third-party one may still be detecting its attributes. */
export class MergedResource implements Resource {
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

  /** Returns all attributes; the first of a name is used, as in the SDK. */
  getRawAttributes(): RawAttributes {
    return [...this.#overrides.getRawAttributes(), ...this.#base.getRawAttributes()];
  }
}

/** Returns no schema URL for two different ones. */
function mergeSchemaUrls(
  base: string | undefined,
  overrides: string | undefined,
): string | undefined {
  if (!base) return overrides;
  return !overrides || overrides === base ? base : undefined;
}
