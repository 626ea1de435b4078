import { randomBytes } from "node:crypto";
import type { Attributes } from "@opentelemetry/api";
import type { ProfileReceiverOptions } from "../../config/config.ts";
import { runSuppressed } from "../../context/manager.ts";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";
import { DeadlineTransport, ExportError } from "../../export/connection/deadline-transport.ts";
import type { ExportFailure } from "../../export/connection/export-connection.ts";
import { HttpClient } from "../../export/connection/http-client.ts";
import { toExportAttempt } from "../../export/connection/http.ts";
import { defaultRetry } from "../../export/connection/retry.ts";
import { ExporterLog } from "../../export/exporter-log.ts";
import type { ExitRequest, ExitRequestFactory } from "../../export/pipeline.ts";
import { version } from "../../version.ts";
import type { ProfileFile } from "./profile-file.ts";
import type { Delivery, ProfileSink } from "./profile-sink.ts";
import { SAMPLES_PER_SECOND } from "./profiler.ts";
import { pyroscopeName } from "./pyroscope-name.ts";

/** Time limit of one profile, with its retries, in milliseconds. */
const TIMEOUT_MS = 20_000;

type Headers = Readonly<Record<string, string>>;

interface UploadRequest {
  readonly url: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** A server that takes each profile in a request: Pyroscope, or another one. */
export class ProfileReceiver implements ProfileSink {
  readonly #options: ProfileReceiverOptions;
  readonly #log: ExporterLog;
  readonly #resource: Attributes;
  readonly #headers: Headers;
  #client: HttpClient | undefined = undefined;
  #transport: DeadlineTransport | undefined = undefined;

  constructor(options: ProfileReceiverOptions, resource: Attributes, diagnostics: Diagnostics) {
    this.#options = options;
    this.#resource = resource;
    this.#log = new ExporterLog(options.url, diagnostics);
    this.#headers = { "user-agent": `telltale/${version}`, ...options.headers };
  }

  async deliver(file: ProfileFile): Promise<Delivery> {
    const request = this.#requestOf(file);
    const transport = this.#createTransport(request);
    this.#transport = transport;
    const result = await runSuppressed(() => transport.send(request.body, TIMEOUT_MS));
    this.#transport = undefined;
    if (result.status === "success") {
      this.#log.recovered(ITEMS);
      return { status: "sent" };
    }
    if (transport.isCancelled) return { status: "cancelled" };
    const error = result.status === "failure" ? result.error : undefined;
    const { requestedPause } = transport;
    this.#failed(failureOf(error), requestedPause);
    const isRetryable = error instanceof ExportError && error.isRetryable;
    return {
      status: isRetryable ? "failed" : "rejected",
      pauseMs: requestedPause?.appliedMs,
    };
  }

  cancel(): boolean {
    return this.#transport?.cancel() === true;
  }

  deliverAtExit(
    file: () => ProfileFile | undefined,
    onResult: (isSent: boolean) => void,
  ): ExitRequestFactory {
    return () => {
      const found = file();
      return found && this.#exitRequest(found, onResult);
    };
  }

  #exitRequest(file: ProfileFile, onResult: (isSent: boolean) => void): ExitRequest {
    return {
      ...{ kind: "http", ...this.#requestOf(file), proxyEnv: this.#getClient().proxyEnv },
      tls: { ca: undefined, cert: undefined, key: undefined },
      onResult: (isSent, _response, reason) => {
        onResult(isSent);
        if (!isSent && reason !== undefined)
          this.#failed({ source: "network", reason: exitReason(reason) });
      },
    };
  }

  #requestOf(file: ProfileFile): UploadRequest {
    return this.#options.kind === "pyroscope" ? this.#ingestRequest(file) : this.#post(file);
  }

  /** https://grafana.com/docs/pyroscope/latest/reference-server-api/#ingest-a-profile */
  #ingestRequest({ kind, content, startMs, endMs }: ProfileFile): UploadRequest {
    const url = new URL(this.#options.url);
    const parameters = {
      name: pyroscopeName(this.#resource),
      from: String(Math.floor(startMs / 1000)),
      until: String(Math.ceil(endMs / 1000)),
      spyName: "nodespy",
      ...(kind === "cpu" && { sampleRate: String(SAMPLES_PER_SECOND) }),
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    const boundary = `telltale-${randomBytes(16).toString("hex")}`;
    const head = [
      `--${boundary}`,
      'Content-Disposition: form-data; name="profile"; filename="profile.pprof"',
      "Content-Type: application/octet-stream",
      "\r\n",
    ].join("\r\n");
    return {
      url: url.href,
      headers: { "content-type": `multipart/form-data; boundary=${boundary}`, ...this.#headers },
      body: Buffer.concat([Buffer.from(head), content, Buffer.from(`\r\n--${boundary}--\r\n`)]),
    };
  }

  #post({ name, content }: ProfileFile): UploadRequest {
    const own = {
      "content-type": "application/octet-stream",
      "content-disposition": `attachment; filename="${name}"`,
    };
    return { url: this.#options.url, headers: { ...own, ...this.#headers }, body: content };
  }

  #createTransport({ url, headers }: UploadRequest): DeadlineTransport {
    const client = this.#getClient();
    const connection = {
      ...({ kind: "http", url, headers, proxyEnv: client.proxyEnv } as const),
      encodeBody: (message: Uint8Array): Uint8Array => message,
      attempt: (body: Uint8Array) => toExportAttempt(client.send(body, headers, url)),
    };
    return new DeadlineTransport(connection, "none", defaultRetry);
  }

  /** Created at the first request, when the app may have set up a proxy. */
  #getClient(): HttpClient {
    const { url } = this.#options;
    return (this.#client ??= new HttpClient({ url, headers: {}, maxSockets: 1 }));
  }

  #failed(failure: ExportFailure, requestedPause?: DeadlineTransport["requestedPause"]): void {
    this.#log.failed(failure, { items: ITEMS, count: 1, requestedPause });
  }
}

const ITEMS = "profiles";

/** Describes a failure, with advice on the variables of profiles in place of those of OTLP. */
function failureOf(error: Error | undefined): ExportFailure {
  if (!(error instanceof ExportError)) return { source: "network", reason: "it failed" };
  const { source, reason } = error.failure;
  const [words = ""] = reason.split(/; (?:check OTEL_|lower OTEL_|is a Collector)/, 1);
  return { source, reason: `${words}${adviceOn(words)}` };
}

function adviceOn(words: string): string {
  if (/^answered 40[13]/.test(words)) return "; check TELLTALE_PROFILING_EXPORT_HEADERS";
  if (/^answered 40[45]/.test(words)) return "; check the path in TELLTALE_PROFILING_EXPORT";
  if (words.includes("certificate")) return "; check NODE_EXTRA_CA_CERTS";
  return "";
}

/** The worker reports a status, a code, or a message of Node, which may have an address. */
function exitReason(reason: string): string {
  const [words] =
    /^(?:answered \d{3}|no answer within the \d+ ms left at the end)/.exec(reason) ?? [];
  return words ?? (/^[A-Z][A-Z\d_]+$/.test(reason) ? reason : "it failed at the end");
}
