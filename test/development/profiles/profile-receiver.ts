import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { pollUntil } from "../../until.ts";

/** A profile as the viewer receives it. */
export interface ReceivedProfile {
  readonly path: string | undefined;
  /** All but its content. */
  readonly meta: Readonly<Record<string, unknown>>;
  readonly content: {
    readonly mapped: readonly Readonly<Record<string, unknown>>[];
    readonly profile: { readonly samples: readonly unknown[] };
  };
}

export interface ProfileReceiver {
  readonly url: string;
  /** Resolves with all profiles, once there are as many. */
  profiles(count: number): Promise<readonly ReceivedProfile[]>;
  close(): Promise<void>;
}

/** Starts a server that receives profiles as the viewer does. */
export async function startProfileReceiver(status: number = 200): Promise<ProfileReceiver> {
  const received: ReceivedProfile[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const body = JSON.parse(gunzipSync(Buffer.concat(parts)).toString()) as object;
      const { content, ...meta } = body as Pick<ReceivedProfile, "content">;
      received.push({ path: request.url, meta, content });
      response.writeHead(status).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    profiles: (count) =>
      pollUntil(
        async () => (received.length >= count ? received : undefined),
        () => `${count} profiles, received ${received.length}`,
      ),
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
