import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startReceiver } from "../../src/testing/receiver.ts";
import { Daemon, freePorts } from "../libraries/servers/daemon.ts";
import { programOrSkip } from "../programs.ts";
import { folderOf, Image } from "./support/image.ts";

const run = promisify(execFile);
const fixture = join(import.meta.dirname, "fixtures", "image.yaml");
const QUEUE = "/var/lib/telltale-collector";

describe("The Collector's image", function () {
  this.timeout(30 * 60_000);
  let image: Image;
  let folder: string;

  before(async function () {
    programOrSkip(this, "buildah");
    image = await Image.build();
    folder = mkdtempSync(join(tmpdir(), "telltale-image-test-"));
    // For another user than the one that created it.
    chmodSync(folder, 0o755);
  });

  after(() => {
    image?.remove();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  it("runs the Collector as 10001, exposes OTLP only, and has its probe as health check", async () => {
    const configuration = await image.configuration();
    assert.equal(configuration.User, "10001:10001");
    assert.deepEqual(configuration.Entrypoint, ["/telltale-collector"]);
    assert.deepEqual(configuration.Cmd, ["--config=/etc/telltale-collector/gateway.yaml"]);
    assert.deepEqual(Object.keys(configuration.ExposedPorts).toSorted(), ["4317/tcp", "4318/tcp"]);
    assert.deepEqual(Object.keys(configuration.Volumes), [QUEUE]);
    assert.deepEqual(configuration.Healthcheck.Test, ["CMD", "/probe"]);
  });

  it("contains the Collector, the probe, certificates and presets, and no shell", async () => {
    const root = await image.mount();
    const files = readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length));
    const outside = files.filter((path) => !path.startsWith("/etc/telltale-collector/"));
    assert.deepEqual(outside.toSorted(), [
      "/etc/ssl/certs/ca-certificates.crt",
      "/probe",
      "/telltale-collector",
    ]);
    for (const secret of ["compose.yaml", "manifest.yaml", "Dockerfile"]) {
      assert.ok(!files.includes(`/etc/telltale-collector/${secret}`), secret);
    }
  });

  it("is smaller than 80 MB", async () => {
    const root = await image.mount();
    const { size } = statSync(join(root, "telltale-collector"));
    assert.ok(size < 80e6, `the Collector has ${size} bytes`);
    assert.ok(statSync(join(root, "probe")).size < 8e6);
  });

  it("runs as 10001, with a health check that exits with 0 while it is healthy, and with 1 once it has stopped", async () => {
    const [otlp, health] = (await freePorts(2)) as [number, number];
    const queue = folderOf("10001:10001", join(folder, "queue-1"));
    const env = environment(otlp, health, "http://127.0.0.1:9");
    const collector = new Daemon("collector");
    const volumes = { "/config.yaml": fixture, [QUEUE]: queue };
    const command = image.commandFor(["/telltale-collector", "--config=/config.yaml"], {
      env,
      volumes,
    });
    const probe = (): Promise<number> => exitCode(image.commandFor(["/probe"], { env }));
    assert.equal(await probe(), 1, "before it runs");
    await collector.start({ name: "collector", command, isReady: () => isUp(health) });
    try {
      assert.equal(await probe(), 0, "while it runs");
      assert.deepEqual(usersOf(String(health)), ["10001"]);
    } finally {
      await collector.stop();
    }
    assert.equal(await probe(), 1, "after its end");
  });

  it("writes to its queue only, which outlives it", async () => {
    const [otlp, health] = (await freePorts(2)) as [number, number];
    const { User } = await image.configuration();
    const queue = folderOf(User, join(folder, "queue-2"));
    const receiver = await startReceiver();
    const stopped = `http://127.0.0.1:${(await freePorts(1))[0]!}`;
    const first = await readOnly(
      await image.mount(),
      User,
      queue,
      environment(otlp, health, stopped),
    );
    try {
      await send(otlp, "kept-on-disk");
    } finally {
      await first.stop();
    }
    const owners = readdirSync(queue).map((name) => statSync(join(queue, name)).uid);
    assert.ok(
      owners.length > 0 && owners.every((uid) => uid === 10001),
      `owners: ${owners.join()}`,
    );
    const restarted = environment(otlp, health, receiver.url);
    const second = await readOnly(await image.mount(), User, queue, restarted);
    try {
      await receiver.waitFor(
        ({ spans }) => spans.some(({ name }) => name === "kept-on-disk"),
        "the span that the first one had in its queue",
      );
    } finally {
      await second.stop();
      await receiver.close();
    }
  });

  for (const preset of ["local", "agent", "gateway"]) {
    it(`starts with its ${preset}.yaml`, async () => {
      const { User, Env } = await image.configuration();
      for (const name of ["HOST=0.0.0.0", `QUEUE=${QUEUE}`, `FILE=${QUEUE}/telemetry.jsonl`]) {
        assert.ok(Env.includes(`TELLTALE_COLLECTOR_${name}`), name);
      }
      const [otlp, grpc, health, own, metrics, zpages, pprof] = await freePorts(7);
      const env = {
        ...environment(otlp!, health!, "http://127.0.0.1:9"),
        TELLTALE_COLLECTOR_GRPC_PORT: String(grpc),
        TELLTALE_COLLECTOR_HEALTH_PORT: String(health),
        TELLTALE_COLLECTOR_HTTP_PORT: String(otlp),
        TELLTALE_COLLECTOR_METRICS_PORT: String(own),
        TELLTALE_COLLECTOR_PPROF_PORT: String(pprof),
        TELLTALE_COLLECTOR_PROMETHEUS_PORT: String(metrics),
        TELLTALE_COLLECTOR_ZPAGES_PORT: String(zpages),
      };
      const queue = folderOf(User, join(folder, preset));
      const file = `/etc/telltale-collector/${preset}.yaml`;
      const collector = await readOnly(await image.mount(), User, queue, env, file);
      try {
        await send(otlp!, "seen");
      } finally {
        await collector.stop();
      }
      assert.ok(readdirSync(queue).length > 0, "nothing was written");
    });
  }
});

function environment(otlp: number, health: number, backend: string): Record<string, string> {
  return {
    BACKEND: backend,
    HEALTH_PORT: String(health),
    OTLP_PORT: String(otlp),
    PROBE_URL: `http://127.0.0.1:${health}/`,
    TELLTALE_COLLECTOR_HOST: "127.0.0.1",
  };
}

async function isUp(health: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${health}/`);
  if (!response.ok) throw new Error(`health: ${response.status}`);
}

async function exitCode([program, ...args]: readonly [string, ...string[]]): Promise<number> {
  return run(program, args).then(
    () => 0,
    ({ code }: { code: number }) => code,
  );
}

/** Returns the effective users of the Collectors with `HEALTH_PORT=port` in their environment. */
function usersOf(port: string): readonly string[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      const [program] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
      if (program !== "/telltale-collector" || !environment.includes(`HEALTH_PORT=${port}`))
        return [];
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      return [/^Uid:\t\d+\t(\d+)/m.exec(status)![1]!];
    } catch {
      return [];
    }
  });
}

/**
 * Runs the Collector on the image's root, mounted read-only as with `docker run
 * --read-only`, an option that chroot isolation does not have.
 */
async function readOnly(
  root: string,
  user: string,
  queue: string,
  env: Readonly<Record<string, string>>,
  config = `yaml:${readFileSync(fixture, "utf8")}`,
): Promise<Daemon> {
  const script = `
    set -e
    mount --bind "$1" "$1"
    mount --bind "$2" "$1${QUEUE}"
    mount -t proc proc "$1/proc"
    mount -o remount,ro,bind "$1"
    if touch "$1/written" 2>/dev/null; then echo "the root is writable"; exit 1; fi
    exec chroot --userspec="$3" "$1" /telltale-collector --config="$4"`;
  const collector = new Daemon("collector");
  const args = ["sh", "-c", script, "sh", root, queue, user, config] as const;
  await collector.start({
    name: "collector",
    command: ["unshare", "--mount", ...args],
    env: {
      ...env,
      TELLTALE_COLLECTOR_FILE: `${QUEUE}/telemetry.jsonl`,
      TELLTALE_COLLECTOR_QUEUE: QUEUE,
    },
    isReady: () => isUp(Number(env["HEALTH_PORT"])),
  });
  return collector;
}

async function send(port: number, name: string): Promise<void> {
  const now = `${Date.now()}000000`;
  const span = {
    traceId: "5b8efff798038103d269b633813fc60c",
    spanId: "eee19b7ec3c1b174",
    name,
    kind: 1,
    startTimeUnixNano: now,
    endTimeUnixNano: now,
  };
  const response = await fetch(`http://127.0.0.1:${port}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }),
  });
  assert.equal(response.status, 200);
}
