import http from "node:http";
import http2 from "node:http2";
import { WAIT_TIMEOUT_MS } from "../../until.ts";

export interface Exchange {
  /** Request id. */
  readonly id: string;
  readonly path: string;
}

/** What a client sees of a call. */
export interface Outcome {
  /** Undefined if no response began. */
  readonly status: number | undefined;
  /** The response, where it is compared. */
  readonly text?: string;
}

/** A client of an app that throws. */
export interface SourceClient {
  /**
   * Resolves with the outcome when the exchange has ended, in any way.
   *
   * @param disconnect disconnects when it resolves
   */
  send(exchange: Exchange, disconnect?: Promise<unknown>): Promise<Outcome>;
  close(): void;
}

/** A client that uses a new connection for each request. */
export class HttpClient implements SourceClient {
  readonly #port: number;
  readonly #comparesText: boolean;

  /** @param comparesText whether outcomes have the body: not where it has stacks. */
  constructor(port: number, comparesText = false) {
    this.#port = port;
    this.#comparesText = comparesText;
  }

  send({ path, id }: Exchange, disconnect?: Promise<unknown>): Promise<Outcome> {
    const address = { host: "127.0.0.1", port: this.#port, path, agent: false };
    return new Promise((resolve) => {
      const sent = http.get({ ...address, headers: { "x-request-id": id } });
      sent.setTimeout(WAIT_TIMEOUT_MS, () => sent.destroy());
      sent.on("error", () => resolve({ status: undefined }));
      sent.on("response", (response) => {
        let text = "";
        response.on("error", () => {});
        response.setEncoding("utf8").on("data", (part: string) => (text += part));
        const { statusCode: status } = response;
        response.on("close", () => resolve({ status, ...(this.#comparesText && { text }) }));
      });
      void disconnect?.then(
        () => sent.destroy(),
        () => {},
      );
    });
  }

  close(): void {}
}

/** A client with one connection. */
export class Http2Client implements SourceClient {
  readonly #session: http2.ClientHttp2Session;

  constructor(port: number) {
    this.#session = http2.connect(`http://127.0.0.1:${port}`);
    this.#session.on("error", () => {});
  }

  send({ path, id }: Exchange): Promise<Outcome> {
    return new Promise((resolve) => {
      let status: number | undefined;
      const stream = this.#session.request({ ":path": path, "x-request-id": id });
      stream.setTimeout(WAIT_TIMEOUT_MS, () => stream.close());
      stream.on("error", () => {});
      stream.on("response", (headers) => (status = headers[":status"]));
      stream.on("close", () => resolve({ status })).resume();
    });
  }

  close(): void {
    this.#session.close();
  }
}
