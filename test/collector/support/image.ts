import { execFile } from "node:child_process";
import { chownSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { collectorBinary, compile } from "../../../scripts/collector/build.ts";
import { collector } from "../../../scripts/collector/paths.ts";

const run = promisify(execFile);

/** The part of an image's configuration that Docker uses. */
export interface ImageConfiguration {
  readonly User: string;
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly Env: readonly string[];
  readonly ExposedPorts: Readonly<Record<string, unknown>>;
  readonly Volumes: Readonly<Record<string, unknown>>;
  readonly Healthcheck: { readonly Test: readonly string[]; readonly Timeout: number };
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Paths on this host, by paths in the container. */
  readonly volumes?: Readonly<Record<string, string>>;
}

/**
 * The image of `collector/Dockerfile`, built by buildah without an engine. Its build
 * stage would have to be pulled, so a folder replaces it, with the same files built
 * by the same flags on this host.
 */
export class Image {
  readonly #folder = mkdtempSync(join(tmpdir(), "telltale-image-"));
  #container = "";

  static async build(): Promise<Image> {
    const image = new Image();
    try {
      await image.#build();
      return image;
    } catch (error) {
      image.remove();
      throw error;
    }
  }

  async configuration(): Promise<ImageConfiguration> {
    const { stdout } = await this.#buildah(["inspect", "--type", "container", this.#container]);
    return (JSON.parse(stdout) as { Docker: { config: ImageConfiguration } }).Docker.config;
  }

  /** Mounts the root, and returns the path. */
  async mount(): Promise<string> {
    const { stdout } = await this.#buildah(["mount", this.#container]);
    return stdout.trim();
  }

  /** Returns the command that runs `command` in the image, as its user, on the host's network. */
  commandFor(command: readonly string[], options: RunOptions = {}): [string, ...string[]] {
    const env = Object.entries(options.env ?? {}).map(([name, value]) => `--env=${name}=${value}`);
    const volumes = Object.entries(options.volumes ?? {}).map(
      ([to, from]) => `--volume=${from}:${to}`,
    );
    const flags = ["run", "--isolation=chroot", ...env, ...volumes];
    return ["buildah", ...this.#storage(), ...flags, this.#container, "--", ...command];
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #build(): Promise<void> {
    const out = join(this.#folder, "stage", "out");
    mkdirSync(join(out, "queue"), { recursive: true });
    await copyFile(await collectorBinary(), join(out, "telltale-collector"));
    await compile(join(out, "probe"), "", join(collector, "probe"));
    await copyFile("/etc/ssl/certs/ca-certificates.crt", join(out, "ca-certificates.crt"));
    const stage = `--build-context=build=${join(this.#folder, "stage")}`;
    // Only images in Docker's format have a HEALTHCHECK.
    const flags = ["--isolation=chroot", "--format=docker", "--tag=telltale-collector", stage];
    await this.#buildah(["bud", ...flags, collector]);
    const { stdout } = await this.#buildah(["from", "telltale-collector"]);
    this.#container = stdout.trim();
  }

  async #buildah(args: readonly string[]): Promise<{ stdout: string }> {
    return run("buildah", [...this.#storage(), ...args], { maxBuffer: 16e6 });
  }

  #storage(): readonly string[] {
    const [root, state] = [join(this.#folder, "storage"), join(this.#folder, "state")];
    return ["--storage-driver=vfs", `--root=${root}`, `--runroot=${state}`];
  }
}

/** Creates a folder owned by `user`, e.g. "10001:10001". */
export function folderOf(user: string, path: string): string {
  const [uid, gid] = user.split(":").map(Number);
  mkdirSync(path, { recursive: true });
  chownSync(path, uid!, gid!);
  return path;
}
