import { join } from "node:path";
import { freePort } from "../../free-port.ts";
import { preload, Program } from "../../integration/program.ts";
import { nodes } from "../../nodes.ts";
import { build, nextIn, standaloneIn } from "./build.ts";
import type { NextRow } from "./rows.ts";

/**
 * Builds a row's site and starts its server. It prints `port` and its number.
 *
 * @param flags of Node, for all its processes; default: preloaded
 */
export async function startNext(
  row: NextRow,
  env: Readonly<Record<string, string>>,
  flags: readonly string[] = preload.import,
): Promise<Program> {
  const { directory } = await build(row.site);
  const { path } = nodes.find(({ name }) => name === row.node) ?? {};
  return new Program({
    ...ways[row.way](row, directory),
    ...(path !== undefined && { node: path }),
    env: {
      ...env,
      NODE_OPTIONS: flags.join(" "),
      NODE_ENV: "production",
      NEXT_TELEMETRY_DISABLED: "1",
      HOSTNAME: "127.0.0.1",
      PORT: String(await freePort()),
    },
  });
}

/** Reads the port from the output of a Next server. */
export function portIn(stdout: string): string | undefined {
  return /(?:^port |http:\/\/(?:localhost|127\.0\.0\.1):)(\d+)(?=\D)/m.exec(stdout)?.[1];
}

/** Runs `next dev` in the folder of a row's build. */
export async function startDev(
  row: NextRow,
  env: Readonly<Record<string, string>>,
): Promise<Program> {
  const { directory } = await build(row.site);
  return new Program({
    file: nextIn(row.site),
    args: ["dev", "-H", "127.0.0.1"],
    cwd: directory,
    env: {
      ...env,
      NODE_OPTIONS: preload.import.join(" "),
      NEXT_TELEMETRY_DISABLED: "1",
      PORT: String(await freePort()),
    },
  });
}

type Start = (row: NextRow, directory: string) => { file: string; args?: string[]; cwd: string };

const ways: Readonly<Record<NextRow["way"], Start>> = {
  "next start": ({ site }, cwd) => ({
    file: nextIn(site),
    args: ["start", "-H", "127.0.0.1"],
    cwd,
  }),
  standalone: (_row, directory) => {
    const cwd = standaloneIn(directory);
    return { file: join(cwd, "server.js"), cwd };
  },
  "custom server": (_row, cwd) => ({ file: join(cwd, "server.mjs"), cwd }),
};
