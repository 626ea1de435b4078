import type { Sampler, SamplingResult } from "@opentelemetry/sdk-trace";

/** The sampler of the SDK, in whose place an extension of the app may put its own. */
export class ReplaceableSampler implements Sampler {
  #sampler: Sampler;
  isReplaced = false;

  constructor(sampler: Sampler) {
    this.#sampler = sampler;
  }

  replace(sampler: Sampler): void {
    this.#sampler = sampler;
    this.isReplaced = true;
  }

  shouldSample(...args: Parameters<Sampler["shouldSample"]>): SamplingResult {
    return this.#sampler.shouldSample(...args);
  }

  toString(): string {
    return this.#sampler.toString();
  }
}
