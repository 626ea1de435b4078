import { Program } from "../../integration/program.ts";
import type { Container } from "./images.ts";
import { variablesOf } from "./recipes.ts";

/**
 * Mounts a root read-only, as with `docker run --read-only`, which buildah has no option for,
 * with folders of this host, and runs a command in it as a user. Every step replaces the one
 * before it, so signals reach the command.
 */
const SCRIPT = `
  set -e
  root=$1 user=$2 directory=$3; shift 3
  mount --bind "$root" "$root"
  while [ "$1" != -- ]; do mkdir -p "$root$2"; mount --bind "$1" "$root$2"; shift 2; done
  shift
  mount -t proc proc "$root/proc"
  mount -o remount,ro,bind "$root"
  if touch "$root/written" 2>/dev/null; then echo "the root is writable"; exit 1; fi
  exec unshare --root="$root" --wd="$directory" --setuid="$user" --setgid="$user" "$@"`;

export interface ContainerOptions {
  readonly env: Readonly<Record<string, string>>;
  /** Folders in the container, by their path on this host. */
  readonly volumes?: Readonly<Record<string, string>>;
}

/** Starts the command of a container on a read-only root, as its user, on the host's network. */
export function startContainer(
  { root, configuration }: Container,
  { env, volumes = {} }: ContainerOptions,
): Program {
  const { User, WorkingDir, Entrypoint, Cmd, Env } = configuration;
  const mounts = Object.entries(volumes).flat();
  const command = [...(Entrypoint ?? []), ...Cmd];
  return new Program({
    node: "unshare",
    flags: ["--mount", "sh", "-c", SCRIPT, "sh"],
    file: root,
    args: [User.split(":")[0] ?? "0", WorkingDir || "/", ...mounts, "--", ...command],
    env: { ...variablesOf(Env), ...env },
  });
}
