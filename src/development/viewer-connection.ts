import type { OtlpConfig } from "../config/config.ts";
import { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { RetryPolicy } from "../export/connection/retry.ts";
import type { ExportResult, TelemetryExporter } from "../export/telemetry-exporter.ts";

/** How long nothing is sent to a viewer that does not answer. */
const PAUSE_MS = 1000;

/** That of OTLP exporters: a busy machine may need seconds. */
export const TIMEOUT_MS = 10_000;

/**
 * Short, since the viewer is on this host: a connection that it has just closed is opened again,
 * and one that is not there is not waited for.
 */
export const VIEWER_RETRY: RetryPolicy = {
  attempts: 3,
  firstMs: 100,
  factor: 2,
  maxMs: 200,
  jitter: 0,
};

/** Swallows the messages of the export, which would repeat what is reported once here. */
export const QUIET: Diagnostics = new Diagnostics("none", () => {});

/** The viewer as the exporters of all signals see it. */
export class ViewerConnection {
  readonly url: string;
  readonly #diagnostics: Diagnostics;
  #pausedUntil = 0;
  #isReported = false;

  /** @param url for example `http://localhost:9465` */
  constructor(url: string, diagnostics: Diagnostics) {
    this.url = url;
    this.#diagnostics = diagnostics;
  }

  /** Whether the viewer has not answered for the last seconds. */
  get isPaused(): boolean {
    return this.#pausedUntil > performance.now();
  }

  otlp(signal: "traces" | "logs" | "metrics"): OtlpConfig {
    return {
      protocol: "http/protobuf",
      url: `${this.url}/v1/${signal}`,
      headers: {},
      timeoutMs: TIMEOUT_MS,
      compression: "none",
      insecure: false,
      tls: { ca: undefined, cert: undefined, key: undefined },
    };
  }

  /** Returns an exporter that notes whether the viewer answers. */
  watch<Payload>(exporter: TelemetryExporter<Payload>): TelemetryExporter<Payload> {
    return {
      export: async (payload, timeoutMs) => this.#note(await exporter.export(payload, timeoutMs)),
      cancel: () => exporter.cancel(),
      createExitRequest: (payload, onResult) => exporter.createExitRequest(payload, onResult),
    };
  }

  #note(result: ExportResult): ExportResult {
    if (result.delivered) {
      this.#pausedUntil = 0;
      return result;
    }
    this.#pausedUntil = performance.now() + PAUSE_MS;
    if (!this.#isReported) {
      this.#isReported = true;
      this.#diagnostics.info(
        "viewer",
        `the viewer at ${this.url} does not answer; it gets nothing until it does (start it with telltale dev)`,
      );
    }
    return result;
  }
}
