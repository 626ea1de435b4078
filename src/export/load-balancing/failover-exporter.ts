import type { OtlpConfig } from "../../config/config.ts";
import type { RetryPolicy } from "../connection/retry.ts";
import type { ExportResult, OnExitResult, TelemetryExporter } from "../telemetry-exporter.ts";
import type { ExitRequest } from "../pipeline.ts";
import { type GatewayHealth, gatewayHealthOf, NO_RETRY } from "./gateway-health.ts";

type CreateExporter<Payload> = (
  gateway: OtlpConfig,
  retry: RetryPolicy,
) => TelemetryExporter<Payload>;

/**
 * Exports payloads that must not be divided, the metrics of a process, to one
 * gateway, and to the next one while that is unavailable.
 */
class FailoverExporter<Payload> implements TelemetryExporter<Payload> {
  readonly #exporters: readonly TelemetryExporter<Payload>[];
  readonly #health: GatewayHealth;
  #current: TelemetryExporter<Payload> | undefined = undefined;

  constructor(gateways: readonly OtlpConfig[], createExporter: CreateExporter<Payload>) {
    this.#health = gatewayHealthOf(gateways);
    this.#exporters = gateways.map((gateway) => createExporter(gateway, NO_RETRY));
  }

  async export(payload: Payload, timeoutMs: number): Promise<ExportResult> {
    const end = performance.now() + timeoutMs;
    for (let tries = 1; ; tries++) {
      const gateway = this.#health.choose();
      this.#current = this.#exporters[gateway];
      const result = await this.#exportToCurrent(payload, end - performance.now());
      if (result.delivered) this.#health.recovered(gateway);
      if (result.retryable !== true) return result;
      this.#health.failed(gateway, result.retryAfterMs);
      const { msUntilAvailable } = this.#health;
      if (tries >= this.#exporters.length || msUntilAvailable > 0 || performance.now() >= end) {
        // Not the pause of the gateway tried last: another may be available earlier.
        return { ...result, retryAfterMs: msUntilAvailable };
      }
    }
  }

  cancel(): boolean {
    return this.#current?.cancel() ?? false;
  }

  createExitRequest(payload: Payload, onResult: OnExitResult): ExitRequest | undefined {
    return this.#exporters[this.#health.choose()]?.createExitRequest(payload, onResult);
  }

  #exportToCurrent(payload: Payload, timeoutMs: number): Promise<ExportResult> {
    return this.#current?.export(payload, timeoutMs) ?? Promise.resolve(NO_EXPORTER_RESULT);
  }
}

const NO_EXPORTER_RESULT: ExportResult = { delivered: false, rejected: 0, retryAfterMs: 0 };

/** See `FailoverExporter`. */
export function createFailoverExporter<Payload>(
  gateways: readonly OtlpConfig[],
  createExporter: CreateExporter<Payload>,
): TelemetryExporter<Payload> {
  return new FailoverExporter(gateways, createExporter);
}
