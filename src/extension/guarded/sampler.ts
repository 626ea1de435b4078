import type { Sampler, SamplingResult } from "@opentelemetry/sdk-trace";
import { propertyOf } from "../../property.ts";
import type { ExtensionReport } from "../report.ts";
import { kindOf } from "../values.ts";

const INSTEAD = "the sampler of OTEL_TRACES_SAMPLER decides";

/**
 * Returns a sampler that never throws and always decides.
 *
 * @param fallback decides where the app's sampler fails.
 */
export function guardedSampler(
  sampler: unknown,
  fallback: Sampler,
  report: ExtensionReport,
): Sampler {
  const own = sampler as Sampler;
  return {
    shouldSample(...args) {
      let failed = true;
      const result: unknown = report.guard("sampler.shouldSample", INSTEAD, () => {
        const decided: unknown = own.shouldSample(...args);
        failed = false;
        return decided;
      });
      if (isSamplingResult(result)) return result;
      if (!failed)
        report.badResult("sampler.shouldSample", kindOf(result), "a sampling result", INSTEAD);
      return fallback.shouldSample(...args);
    },
    toString: () => "ExtensionSampler",
  };
}

function isSamplingResult(result: unknown): result is SamplingResult {
  const decision = propertyOf(result, "decision");
  return decision === 0 || decision === 1 || decision === 2;
}
