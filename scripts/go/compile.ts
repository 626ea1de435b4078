import { spawn } from "node:child_process";
import { once } from "node:events";
import { UserError } from "../user-error.ts";

/** Flags that leave out symbols, debug information and paths of the build machine. */
export const FLAGS: readonly string[] = ["-trimpath", "-buildvcs=false", "-ldflags=-s -w"];

export interface CompileOptions {
  /** The folder of `go.mod`. */
  readonly cwd: string;
  /** The path of the binary; with several packages that of a folder. */
  readonly output: string;
  /** Default: the one in `cwd`. */
  readonly packages?: readonly string[];
  /** Build tags, separated by commas. */
  readonly tags?: string;
  readonly flags?: readonly string[];
}

/**
 * Compiles commands of a module. It resolves and tidies nothing: only what `go.sum` names is
 * downloaded. It runs at the lowest priority.
 *
 * @param name of the product, for the message of the error.
 * @throws UserError when the build fails.
 */
export async function compile(name: string, options: CompileOptions): Promise<void> {
  const { cwd, output, packages = ["."], tags = "", flags = FLAGS } = options;
  const args = ["build", "-mod=readonly", ...flags, `-tags=${tags}`, "-o", output, ...packages];
  const [command, rest] =
    process.platform === "win32" ? ["go", args] : ["nice", ["-n", "15", "go", ...args]];
  const child = spawn(command, rest, {
    cwd,
    env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "", GOWORK: "off" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [code] = (await once(child, "close")) as [number | null];
  if (code === 0) return;
  const last = stderr.trim().split("\n").slice(-20).join("\n");
  throw new UserError(
    `${name} can't be built: \`go ${args.join(" ")}\` in ${cwd} ended with ${code}. Modules come through GOPROXY, so check the network, or see its output:\n${last}`,
  );
}
