import { join } from "node:path";
import { freePorts } from "../../free-port.ts";
import { Daemon, greet } from "./daemon.ts";

export interface Nats {
  /** `nats://host:port`. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a NATS server with JetStream, from Debian (`nats-server`). */
export async function startNats(): Promise<Nats> {
  const [port = 0] = await freePorts(1);
  const daemon = new Daemon("nats");
  const store = join(daemon.directory, "store");
  await daemon.start({
    name: "nats-server",
    command: ["nats-server", "-a", "127.0.0.1", "-p", String(port), "-js", "-sd", store],
    isReady: () => greet(port, new Uint8Array(), (data) => data.toString().startsWith("INFO ")),
  });
  return { url: `nats://127.0.0.1:${port}`, stop: () => daemon.stop() };
}
