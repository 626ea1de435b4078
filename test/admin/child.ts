import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { freePort } from "../free-port.ts";
import { pollUntilTrue } from "../until.ts";

const fixture = fileURLToPath(new URL("fixtures/app.ts", import.meta.url));

/** A process with the admin server. */
export interface AppProcess {
  readonly port: number;
  readonly url: string;
  /** Runs a command of the fixture, and resolves with its result. */
  command(what: string): Promise<unknown>;
  /** Its output on stderr so far. */
  stderr(): string;
  readonly ended: Promise<number | null>;
  stop(): Promise<void>;
}

/** Starts a process, and resolves when its server listens. */
export async function startAppProcess(
  env: Readonly<Record<string, string>> = {},
): Promise<AppProcess> {
  const child = await spawnAppProcess("stay", env);
  await pollUntilTrue(() => isOpen(child), "an open port");
  return child;
}

/** @param plan the behaviour of the process, see the fixture. */
export async function spawnAppProcess(
  plan: "stay" | "end",
  env: Readonly<Record<string, string>> = {},
): Promise<AppProcess> {
  const port = Number(env["OTEL_EXPORTER_PROMETHEUS_PORT"] ?? (await freePort()));
  const own = {
    OTEL_EXPORTER_PROMETHEUS_HOST: "127.0.0.1",
    OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
    ...env,
  };
  const child = spawn(process.execPath, [fixture, plan], {
    env: { ...process.env, ...own },
    stdio: ["ignore", "inherit", "pipe", "ipc"],
  });
  let stderr = "";
  child.stderr?.on("data", (data: Buffer) => {
    stderr += data.toString();
  });
  await once(child, "message");
  return toAppProcess(child, port, () => stderr);
}

function toAppProcess(child: ChildProcess, port: number, stderr: () => string): AppProcess {
  const ended = once(child, "close").then(([code]) => code as number | null);
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    ended,
    stderr,
    command: async (what) => {
      const done = once(child, "message");
      child.send(what);
      const result = await Promise.race([done, ended]);
      return Array.isArray(result) ? (result[0] as unknown) : undefined;
    },
    stop: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

async function isOpen(child: AppProcess): Promise<boolean> {
  return fetch(`${child.url}/livez`).then(
    () => true,
    () => false,
  );
}
