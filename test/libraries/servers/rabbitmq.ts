import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePorts } from "../../free-port.ts";
import { Daemon, greet } from "./daemon.ts";

export interface RabbitMq {
  /** `amqp://guest:guest@host:port`. */
  readonly url: string;
  /** Returns the output lines of `rabbitmqctl`, which does not change any queue. */
  control(...args: string[]): Promise<string[]>;
  /** Returns the broker's log. */
  log(): string;
  stop(): Promise<void>;
}

const run = promisify(execFile);

/**
 * Debian's wrapper in the PATH switches the user and needs `/var/lib/rabbitmq`; it
 * calls this script.
 */
const SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server";

const CONTROL = "/usr/lib/rabbitmq/bin/rabbitmqctl";

/** First bytes of an AMQP 0-9-1 connection. */
const HEADER = Buffer.from("AMQP\0\0\x09\x01", "latin1");

/**
 * Starts a RabbitMQ from Debian (`rabbitmq-server`), with its own Erlang port
 * mapper, which would otherwise keep running.
 */
export async function startRabbitMq(): Promise<RabbitMq> {
  const [port = 0, mapper = 0, distribution = 0] = await freePorts(3);
  const daemon = new Daemon("rabbitmq");
  const inside = (name: string): string => join(daemon.directory, name);
  const node = {
    ERL_EPMD_PORT: String(mapper),
    RABBITMQ_NODENAME: `telltale${port}@localhost`,
  };
  mkdirSync(inside("log"));
  writeFileSync(inside("enabled_plugins"), "[].\n");
  writeFileSync(
    inside("rabbitmq.conf"),
    `listeners.tcp.default = 127.0.0.1:${port}\nvm_memory_high_watermark.absolute = 512MB\ndisk_free_limit.absolute = 1MB\n`,
  );
  await daemon.start({
    name: "rabbitmq-server",
    command: ["/bin/sh", "-c", `epmd -address 127.0.0.1 & exec ${SERVER}`],
    env: {
      ...node,
      RABBITMQ_DIST_PORT: String(distribution),
      RABBITMQ_CONFIG_FILE: inside("rabbitmq.conf"),
      RABBITMQ_ENABLED_PLUGINS_FILE: inside("enabled_plugins"),
      RABBITMQ_MNESIA_BASE: inside("mnesia"),
      RABBITMQ_LOG_BASE: inside("log"),
      RABBITMQ_PID_FILE: inside("pid"),
      // Two schedulers, because other tests share the machine.
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "+S 2:2",
    },
    isReady: () => greet(port, HEADER, (data) => data[0] === 1),
  });
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    async control(...args) {
      const env = { PATH: process.env["PATH"], HOME: daemon.directory, LC_ALL: "C.UTF-8", ...node };
      const { stdout } = await run(CONTROL, ["--quiet", ...args], { env });
      return stdout.split("\n").filter(Boolean);
    },
    log: () =>
      readdirSync(inside("log"))
        .map((file) => readFileSync(join(inside("log"), file), "utf8"))
        .join(""),
    stop: () => daemon.stop(),
  };
}
