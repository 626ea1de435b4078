import http2, { type ClientHttp2Session } from "node:http2";
import { text } from "node:stream/consumers";

/** A connection of HTTP/2. */
export class Http2Client {
  readonly #session: ClientHttp2Session;

  constructor(port: number) {
    this.#session = http2.connect(`http://127.0.0.1:${port}`);
  }

  /** Resolves with the body of the response. */
  get(path: string, headers: Readonly<Record<string, string>>): Promise<string> {
    return text(this.#session.request({ ":path": path, ...headers }));
  }

  close(): void {
    this.#session.close();
  }
}
