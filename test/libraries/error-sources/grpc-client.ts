import type { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import type { Exchange, Outcome, SourceClient } from "./http-client.ts";

interface GrpcModule {
  readonly Client: new (address: string, credentials: unknown) => GrpcConnection;
  readonly Metadata: new () => { set(name: string, value: string): void };
  readonly credentials: { createInsecure(): unknown };
}

type Codec<From, To> = (from: From) => To;

interface GrpcConnection {
  makeServerStreamRequest(
    path: string,
    serialize: Codec<string, Buffer>,
    deserialize: Codec<Buffer, string>,
    message: string,
    metadata: object,
  ): EventEmitter & { cancel(): void };
  close(): void;
}

const require = createRequire(new URL("../rpc/package.json", import.meta.url));
const { Client, Metadata, credentials } = require("@grpc/grpc-js") as GrpcModule;

/** A client of the app `apps/grpc.mjs`. A call with one response is a stream of one message, too. */
export class GrpcClient implements SourceClient {
  readonly #connection: GrpcConnection;

  constructor(port: number) {
    this.#connection = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  }

  /** @param exchange `path`: the method and the message */
  send({ id, path }: Exchange, disconnect?: Promise<unknown>): Promise<Outcome> {
    const [, method = "", message = ""] = path.split("/");
    const metadata = new Metadata();
    metadata.set("x-request-id", id);
    const call = this.#connection.makeServerStreamRequest(
      `/shop.Sources/${method}`,
      (text) => Buffer.from(text),
      String,
      message,
      metadata,
    );
    void disconnect?.then(
      () => call.cancel(),
      () => {},
    );
    return new Promise((resolve) => {
      let text = "";
      call.on("data", (part: string) => (text += part));
      call.on("error", () => {});
      call.on("status", ({ code, details }: { readonly code: number; readonly details: string }) =>
        resolve({ status: code, text: `${text} ${details}` }),
      );
    });
  }

  close(): void {
    this.#connection.close();
  }
}
