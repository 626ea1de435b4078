import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { openTemp } from "../../../examples/shop/postgres-binaries.ts";
import { type Postgres, startPostgres } from "../../../examples/shop/postgres.ts";
import { freePorts } from "../../free-port.ts";
import { preload, Program } from "../../integration/program.ts";
import { Daemon } from "../../libraries/servers/daemon.ts";
import { sendAndReceive } from "../../libraries/servers/server.ts";
import { type SmallDisk, mountSmallDisk } from "./small-disk.ts";
import { type Load, startLoad } from "./load.ts";

const names = ["shop", "cart"] as const;

export type ServiceName = (typeof names)[number];

/** What PostgreSQL does to find a price. */
const priceFunctions = {
  usual: "RETURN product;",
  failing: "RAISE EXCEPTION 'no price';",
  slow: "PERFORM pg_sleep(2.6); RETURN product;",
} as const;

interface Ports {
  readonly postgres: number;
  readonly redis: number;
  readonly app: Readonly<Record<ServiceName, number>>;
  readonly page: Readonly<Record<ServiceName, number>>;
}

/**
 * Two preloaded services under load, with PostgreSQL, Redis and a file system of their own, each
 * of which can be stopped and started again at its address.
 */
export class Services {
  readonly #ports: Ports;
  readonly #programs = new Map<ServiceName, Program>();
  readonly #dataDir = mkdtempSync(join(openTemp(), "telltale-alerting-"));
  readonly #loads: Load[] = [];
  readonly #disk: SmallDisk;
  #postgres: Postgres | undefined;
  #redis: Daemon | undefined;

  private constructor(ports: Ports, disk: SmallDisk) {
    this.#ports = ports;
    this.#disk = disk;
  }

  /** @throws Error if one of them does not start, or if file systems can't be mounted. */
  static async start(): Promise<Services> {
    const [postgres = 0, redis = 0, shop = 0, cart = 0, ...pages] = await freePorts(6);
    const page = { shop: pages[0] ?? 0, cart: pages[1] ?? 0 };
    // Before the services: they read the list of mounts once a minute.
    const disk = await mountSmallDisk();
    const services = new Services({ postgres, redis, app: { shop, cart }, page }, disk);
    try {
      await Promise.all([services.startPostgres(), services.startRedis()]);
      await services.setPrices("usual");
      await Promise.all(names.map((name) => services.startProcess(name)));
      services.#startLoads();
    } catch (error) {
      await services.stop();
      throw error;
    }
    return services;
  }

  /** Where each service has its metrics. */
  get pages(): readonly (readonly [service: ServiceName, address: string])[] {
    return names.map((name) => [name, `127.0.0.1:${this.#ports.page[name]}`]);
  }

  /** The file system that can be filled. */
  get mountpoint(): string {
    return this.#disk.path;
  }

  async startPostgres(): Promise<void> {
    const dataDir = join(this.#dataDir, "data");
    // PostgreSQL may run as another user.
    chmodSync(this.#dataDir, 0o755);
    this.#postgres = await startPostgres({ dataDir, port: this.#ports.postgres });
  }

  async stopPostgres(): Promise<void> {
    await this.#postgres?.stop();
    this.#postgres = undefined;
  }

  /** Changes how PostgreSQL finds a price; at the first time, lets the shop ask for it. */
  async setPrices(kind: keyof typeof priceFunctions): Promise<void> {
    const client = new Client({ connectionString: this.#postgres?.url });
    await client.connect();
    try {
      const { rowCount } = await client.query("SELECT FROM pg_roles WHERE rolname = 'till'");
      // The owner gets another password with each start.
      if (rowCount === 0) await client.query("CREATE ROLE till LOGIN PASSWORD 'till'");
      await client.query(
        `CREATE OR REPLACE FUNCTION price_of(product int) RETURNS int LANGUAGE plpgsql AS
           $$ BEGIN ${priceFunctions[kind]} END $$`,
      );
    } finally {
      await client.end();
    }
  }

  async startRedis(): Promise<void> {
    const port = this.#ports.redis;
    this.#redis = new Daemon("redis");
    await this.#redis.start({
      name: "redis",
      command: [
        ...(["redis-server", "--bind", "127.0.0.1", "--port", String(port)] as const),
        ...["--dir", this.#redis.directory, "--save", "", "--appendonly", "no"],
      ],
      async isReady() {
        const reply = await sendAndReceive(port, "PING\r\n");
        if (reply?.toString() !== "+PONG\r\n") throw new Error("no reply to PING");
      },
    });
  }

  async stopRedis(): Promise<void> {
    await this.#redis?.stop();
    this.#redis = undefined;
  }

  fillDisk(): void {
    this.#disk.fill();
  }

  emptyDisk(): void {
    this.#disk.empty();
  }

  async startProcess(name: ServiceName): Promise<void> {
    const { postgres, redis, app, page } = this.#ports;
    const program = new Program({
      file: fileURLToPath(new URL(`apps/${name}.mjs`, import.meta.url)),
      flags: preload.import,
      env: {
        DATABASE_URL: `postgres://till:till@127.0.0.1:${postgres}/shop`,
        REDIS_URL: `redis://127.0.0.1:${redis}`,
        PORT: String(app[name]),
        OTEL_SERVICE_NAME: name,
        OTEL_EXPORTER_PROMETHEUS_PORT: String(page[name]),
        OTEL_METRICS_EXPORTER: "prometheus",
        OTEL_TRACES_EXPORTER: "none",
        OTEL_LOGS_EXPORTER: "none",
      },
    });
    this.#programs.set(name, program);
    await program.waitForStdout((output) => output.includes("open") || undefined);
  }

  async killProcess(name: ServiceName): Promise<void> {
    const program = this.#programs.get(name);
    program?.kill("SIGKILL");
    await program?.ended;
  }

  /** Stops all of it. Can be called again. */
  async stop(): Promise<void> {
    await Promise.all(this.#loads.splice(0).map((load) => load.stop()));
    await Promise.all(names.map((name) => this.killProcess(name)));
    await this.stopRedis();
    await this.stopPostgres();
    await this.#disk.unmount();
    rmSync(this.#dataDir, { recursive: true, force: true });
  }

  #startLoads(): void {
    const { shop, cart } = this.#ports.app;
    this.#loads.push(
      startLoad(`http://127.0.0.1:${shop}/prices/`, 8),
      startLoad(`http://127.0.0.1:${shop}/sessions/`, 4),
      startLoad(`http://127.0.0.1:${cart}/carts/`, 4),
    );
  }
}
