import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** A request that the server has received. */
export interface ProfileRequest {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Returns the field `profile` of a form, which Pyroscope reads. Rejects if there is none. */
  profile(): Promise<Uint8Array>;
}

/** A server that takes profiles. */
export interface ProfileServer {
  readonly url: string;
  readonly requests: ProfileRequest[];
  /** Whether it accepts connections and never responds. */
  hangs: boolean;
  reset(): void;
  close(): Promise<void>;
}

export async function startProfileServer(): Promise<ProfileServer> {
  const requests: ProfileRequest[] = [];
  const server = createServer((request, response) => {
    if (profiles.hangs) return;
    void read(request).then((received) => {
      requests.push(received);
      response.end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const profiles: ProfileServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    hangs: false,
    reset() {
      requests.length = 0;
      profiles.hangs = false;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return profiles;
}

async function read(request: IncomingMessage): Promise<ProfileRequest> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const body = Buffer.concat(parts);
  const { pathname, searchParams } = new URL(request.url!, "http://localhost");
  const contentType = request.headers["content-type"] ?? "";
  return {
    path: pathname,
    query: Object.fromEntries(searchParams),
    headers: request.headers,
    body,
    async profile() {
      const form = await new Response(body, {
        headers: { "content-type": contentType },
      }).formData();
      const field = form.get("profile");
      if (!(field instanceof Blob)) throw new Error("there is no file in the field profile");
      return new Uint8Array(await field.arrayBuffer());
    },
  };
}
