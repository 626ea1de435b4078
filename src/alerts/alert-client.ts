import { maskAddress } from "../config/mask.ts";
import type { AlertReceiver } from "../config/config.ts";
import {
  type HttpAttempt,
  HttpClient,
  type HttpFailure,
  type HttpResponse,
} from "../export/connection/http-client.ts";
import type { ExitRequest } from "../export/pipeline.ts";
import { retryAfterMs } from "../export/connection/retry.ts";

/** What became of one attempt. */
export type AlertOutcome = { readonly kind: "sent"; readonly status: number } | AlertFailure;

export interface AlertFailure {
  readonly kind: "failed";
  /** In words, without secrets. */
  readonly reason: string;
  /** The status of the response, if there is one. */
  readonly status: number | undefined;
  /** Whether another attempt may succeed. It may have arrived: twice is better than never. */
  readonly isRetryable: boolean;
  /** The pause that the receiver asks for, in milliseconds. */
  readonly retryAfterMs: number | undefined;
}

/** Posts alerts to one receiver. No connection keeps the process alive. */
export class AlertClient {
  readonly #receiver: AlertReceiver;
  readonly #headers: Readonly<Record<string, string>>;
  #client: HttpClient | undefined;

  constructor(receiver: AlertReceiver, userAgent: string) {
    this.#receiver = receiver;
    this.#headers = {
      "content-type": "application/json",
      "user-agent": userAgent,
      ...receiver.headers,
    };
  }

  /** Starts one attempt. Never throws. */
  send(body: Uint8Array): HttpAttempt {
    return this.#getClient().send(body);
  }

  /** Returns the request for the worker that sends at process exit. */
  exitRequest(body: Uint8Array): Omit<ExitRequest, "onResult"> {
    return {
      kind: "http",
      url: this.#receiver.url,
      headers: this.#headers,
      body,
      proxyEnv: this.#getClient().proxyEnv,
      tls: { ca: undefined, cert: undefined, key: undefined },
    };
  }

  /** Describes the result of an attempt. */
  outcomeOf(result: HttpResponse | HttpFailure): AlertOutcome {
    if (result.kind === "failure") {
      const isRetryable = !isCertificateError(codeOf(result));
      return failed({ reason: this.describe(reasonOf(result)), isRetryable });
    }
    const { status, headers } = result;
    if (status >= 200 && status < 300) return { kind: "sent", status };
    return failed({
      reason: this.describe(`answered ${status}${detailOf(result)}`),
      status,
      isRetryable: status === 429 || status >= 500,
      retryAfterMs: retryAfterMs(headers["retry-after"], Date.now()),
    });
  }

  /** Returns a sentence about a request. */
  describe(outcome: string): string {
    return `POST ${maskAddress(this.#receiver.url)} ${outcome}`;
  }

  /** Created at the first request, when the app may have set up a proxy. */
  #getClient(): HttpClient {
    return (this.#client ??= new HttpClient({
      url: this.#receiver.url,
      headers: this.#headers,
      maxSockets: 1,
    }));
  }
}

function failed(failure: Pick<AlertFailure, "reason"> & Partial<AlertFailure>): AlertFailure {
  return {
    kind: "failed",
    status: undefined,
    isRetryable: false,
    retryAfterMs: undefined,
    ...failure,
  };
}

/** Messages of Node may contain the password of a proxy. */
function reasonOf(failure: HttpFailure): string {
  if (failure.isAborted) return failure.error.message;
  const code = codeOf(failure);
  return isCertificateError(code)
    ? `got a certificate that is not trusted (${code}); check NODE_EXTRA_CA_CERTS`
    : `failed (${code})`;
}

function codeOf({ error }: HttpFailure): string {
  return error.code ?? error.name;
}

function isCertificateError(code: string): boolean {
  return /CERT|ISSUER|SELF_SIGNED|SIGNATURE|ALTNAME/.test(code);
}

/** Slack answers with a word such as `no_service`. Any other text may repeat the request. */
function detailOf({ body }: HttpResponse): string {
  const text = Buffer.from(body.subarray(0, 64)).toString();
  return /^[a-z]+(?:_[a-z]+){1,6}$/.test(text) ? ` (${text})` : "";
}
