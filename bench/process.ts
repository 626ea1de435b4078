import { fork } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { devNull } from "node:os";
import { fileURLToPath } from "node:url";

const probe = new URL("probe.js", import.meta.url).href;

/** A program of `bench/` in a child process. */
export interface BenchProcess {
  readonly port: number;
  /** Time from `fork` to the message that it listens, in milliseconds. */
  readonly startedInMs: number;
  usage(): Promise<Usage>;
  stop(): Promise<void>;
}

export interface Usage {
  /** User and system time of the process, in microseconds. */
  readonly cpuUs: number;
  readonly rssBytes: number;
}

export async function startProgram(
  program: string,
  preload: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<BenchProcess> {
  const silent = openSync(devNull, "w");
  const startedAt = performance.now();
  const child = fork(fileURLToPath(new URL(program, import.meta.url)), {
    execArgv: [...preload, "--import", probe],
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", silent, "inherit", "ipc"],
  });
  const ended = once(child, "exit").then(() => {
    throw new Error("the benched process ended");
  });
  ended.catch(() => {});
  const nextMessage = async <T>(): Promise<T> => {
    const received = Promise.withResolvers<T>();
    child.once("message", (message) => received.resolve(message as T));
    return Promise.race([received.promise, ended]);
  };
  const { port } = await nextMessage<{ port: number }>();
  const startedInMs = performance.now() - startedAt;
  return {
    port,
    startedInMs,
    usage: async () => {
      child.send("usage");
      const { cpu, rss } = await nextMessage<{ cpu: NodeJS.CpuUsage; rss: number }>();
      return { cpuUs: cpu.user + cpu.system, rssBytes: rss };
    },
    stop: async () => {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    },
  };
}
