import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { readViewerState, type ViewerState } from "../../src/viewer/state-file.ts";
import { root } from "../node.mjs";

/** A copy of the demo shop in a repository of its own, which runs under `telltale dev`. */
export interface ShopProject {
  /** Starts the payment service and the shop. */
  start(): Promise<void>;
  sendTraffic(): Promise<void>;
  /** Replaces the N+1 of the shop by a JOIN, commits that, and starts the shop again. */
  change(): Promise<void>;
  viewer(): ViewerState;
  stop(): Promise<void>;
}

const example = join(root, "examples/shop");

const LOOP = "  for (const order of orders) order.product = await find(order.product_id);\n";
const QUERY = "SELECT id, product_id, quantity FROM orders ORDER BY id DESC LIMIT 25";
const JOIN =
  "SELECT o.id, p.name, quantity FROM orders o JOIN products p ON p.id = product_id ORDER BY o.id DESC LIMIT 25";

interface Service {
  readonly process: ChildProcess;
  readonly url: string;
}

export function createShopProject(databaseUrl: string): ShopProject {
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), "telltale-screenshots-")));
  const folder = join(scratch, "shop");
  mkdirSync(folder);
  for (const file of ["shop.js", "payments.js", "database.js", "log.js", "package.json"]) {
    copyFileSync(join(example, file), join(folder, file));
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, ".gitignore"), "node_modules\n");
  commit(folder, "main", "Add the shop");
  const running: Service[] = [];
  const run = async (name: string, env: NodeJS.ProcessEnv): Promise<Service> => {
    const service = await startService(folder, name, { DATABASE_URL: databaseUrl, ...env });
    running.push(service);
    return service;
  };
  let payments: Service;
  let shop: Service;
  return {
    async start() {
      payments = await run("payments", {});
      shop = await run("shop", { PAYMENTS_URL: payments.url });
    },
    sendTraffic: () => sendTraffic(shop.url),
    async change() {
      await stopService(shop);
      const source = readFileSync(join(folder, "shop.js"), "utf8");
      if (!source.includes(LOOP) || !source.includes(QUERY)) throw new Error("no N+1 in shop.js");
      writeFileSync(join(folder, "shop.js"), source.replace(LOOP, "").replace(QUERY, JOIN));
      commit(folder, "join-products", "Load the products of orders by a join");
      shop = await run("shop", { PAYMENTS_URL: payments.url });
    },
    viewer() {
      const state = readViewerState(folder);
      if (state === undefined) throw new Error("the viewer does not run");
      return state;
    },
    async stop() {
      for (const service of running.toReversed()) await stopService(service);
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

function commit(folder: string, branch: string, title: string): void {
  const git = (...args: string[]): void => {
    execFileSync("git", ["-C", folder, ...args], { stdio: "ignore" });
  };
  if (branch === "main") git("init", "-b", branch);
  else git("checkout", "-b", branch);
  git("add", ".");
  git("-c", "user.name=shop", "-c", "user.email=shop@example.com", "commit", "-m", title);
}

async function startService(
  folder: string,
  name: string,
  env: NodeJS.ProcessEnv,
): Promise<Service> {
  const cli = join(root, "dist/cli.js");
  const args = [cli, "dev", "--port", "0", "--", process.execPath, `${name}.js`];
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: {
      ...process.env,
      ...env,
      PORT: "0",
      OTEL_SERVICE_NAME: name,
      OTEL_EXPORTER_PROMETHEUS_PORT: "0",
    },
    stdio: ["ignore", "pipe", "ignore"],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /"port":(\d+)/.exec(line)?.[1];
    if (port === undefined) continue;
    child.stdout.resume();
    return { process: child, url: `http://127.0.0.1:${port}` };
  }
  throw new Error(`${name} ended before it was open`);
}

async function stopService({ process: child }: Service): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
}

/** The requests of a few customers. */
async function sendTraffic(url: string): Promise<void> {
  for (let visit = 0; visit < 30; visit += 1) {
    await get(`${url}/api/products`);
    await get(`${url}/api/products/${(visit % 4) + 1}`);
    await order(url, (visit % 3) + 1, visit % 10 === 9 ? "CHF" : "EUR");
    if (visit % 3 === 2) await get(`${url}/api/orders`);
  }
  await get(`${url}/api/orders?telltale=profile`);
  await get(`${url}/api/orders`);
}

async function get(url: string): Promise<void> {
  await (await fetch(url)).text();
}

async function order(url: string, product: number, currency: string): Promise<void> {
  const response = await fetch(`${url}/api/orders`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ product, quantity: 2, currency }),
  });
  await response.text();
}
