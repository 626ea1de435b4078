import http from "node:http";
import http2 from "node:http2";
import { WAIT_TIMEOUT_MS } from "../../until.ts";

export interface Exchange {
  /** Request id. */
  readonly id: string;
  readonly path: string;
}

/** A client that uses a new connection for each request. */
export class HttpClient {
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  /**
   * Resolves with the status when the exchange has ended, in any way; undefined if no response began.
   *
   * @param disconnect disconnects when it resolves
   */
  send({ path, id }: Exchange, disconnect?: Promise<unknown>): Promise<number | undefined> {
    const address = { host: "127.0.0.1", port: this.#port, path, agent: false };
    return new Promise((resolve) => {
      const sent = http.get({ ...address, headers: { "x-request-id": id } });
      sent.setTimeout(WAIT_TIMEOUT_MS, () => sent.destroy());
      sent.on("error", () => resolve(undefined));
      sent.on("response", (response) => {
        response.on("error", () => {});
        response.on("close", () => resolve(response.statusCode)).resume();
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
export class Http2Client {
  readonly #session: http2.ClientHttp2Session;

  constructor(port: number) {
    this.#session = http2.connect(`http://127.0.0.1:${port}`);
    this.#session.on("error", () => {});
  }

  send({ path, id }: Exchange): Promise<number | undefined> {
    return new Promise((resolve) => {
      let status: number | undefined;
      const stream = this.#session.request({ ":path": path, "x-request-id": id });
      stream.setTimeout(WAIT_TIMEOUT_MS, () => stream.close());
      stream.on("error", () => {});
      stream.on("response", (headers) => (status = headers[":status"]));
      stream.on("close", () => resolve(status)).resume();
    });
  }

  close(): void {
    this.#session.close();
  }
}
