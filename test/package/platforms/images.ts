import { execFile, execFileSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { findInPath } from "../../../scripts/test/programs.ts";
import { node } from "../../nodes.ts";

const run = promisify(execFile);

/** The part of an image's configuration that a container has. */
interface ImageConfiguration {
  readonly User: string;
  readonly WorkingDir: string;
  readonly Entrypoint: readonly string[] | null;
  readonly Cmd: readonly string[];
  readonly Env: readonly string[];
}

/** A container that was created, and not started. */
export interface Container {
  readonly name: string;
  /** Its root on this host. */
  readonly root: string;
  readonly configuration: ImageConfiguration;
}

/** Base images, as the recipes name them. No registry of images can be reached here. */
const NODE_IMAGE = "docker.io/library/node:24-slim";
const DISTROLESS_IMAGE = "gcr.io/distroless/nodejs24-debian12:nonroot";
const BUSYBOX_IMAGE = "docker.io/library/busybox:1.37";

/** The commands of busybox that the recipes and npm run. */
const BUSYBOX_COMMANDS = ["sh", "cp", "mv", "chmod", "cat", "ls", "env", "mkdir", "rm"];

/**
 * Images, built by buildah without an engine. Base images have the layout of the real ones,
 * made of the Node of the tests, its libraries, npm and busybox of this host.
 */
export class Images {
  readonly folder: string = mkdtempSync(join(tmpdir(), "telltale-images-"));

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Builds a Dockerfile in a folder, whose base images exist. */
  async build(context: string, tag: string, dockerfile?: string): Promise<void> {
    if (dockerfile !== undefined) writeFileSync(join(context, "Dockerfile"), dockerfile);
    const flags = ["--isolation=chroot", "--format=docker", "--pull=never", `--tag=${tag}`];
    await this.#buildah(["bud", ...flags, context]);
  }

  async createContainer(tag: string): Promise<Container> {
    const name = await this.#buildah(["from", "--pull=never", tag]);
    const inspected = await this.#buildah(["inspect", "--type", "container", name]);
    const { Docker } = JSON.parse(inspected) as { Docker: { config: ImageConfiguration } };
    const root = await this.#buildah(["mount", name]);
    return { name, root, configuration: Docker.config };
  }

  /** Runs a command in a container, with folders of this host by their path in it. */
  async run(
    { name }: Container,
    command: readonly string[],
    volumes: Readonly<Record<string, string>>,
  ): Promise<void> {
    const flags = Object.entries(volumes).map(([to, from]) => `--volume=${from}:${to}`);
    await this.#buildah(["run", "--isolation=chroot", ...flags, name, "--", ...command]);
  }

  /** Creates the image of busybox. */
  async addBusybox(): Promise<void> {
    const files = this.#newRoot("busybox");
    addBusyboxTo(files);
    await this.#commit(files, BUSYBOX_IMAGE, ["--env=PATH=/bin", "--cmd=sh"]);
  }

  /** Creates the image of Node with npm and a shell. */
  async addNode(): Promise<void> {
    const files = this.#newRoot("node");
    addBusyboxTo(files);
    addNodeTo(files, "usr/local/bin");
    mkdirSync(join(files, "usr/bin"), { recursive: true });
    symlinkSync("/bin/busybox", join(files, "usr/bin/env"));
    const npm = join(dirname(realpathSync(findInPath("npm") ?? "")), "..");
    cpSync(npm, join(files, "usr/local/lib/node_modules/npm"), { recursive: true });
    symlinkSync("../lib/node_modules/npm/bin/npm-cli.js", join(files, "usr/local/bin/npm"));
    // There is no registry.
    const offline = ["offline=true", "audit=false", "fund=false", "update_notifier=false"];
    const env = ["PATH=/usr/local/bin:/bin", ...offline.map((one) => `npm_config_${one}`)];
    await this.#commit(files, NODE_IMAGE, [...env.map((one) => `--env=${one}`), "--cmd=node"]);
  }

  /** Creates the image of Node without a shell and any other program. */
  async addDistroless(): Promise<void> {
    const files = this.#newRoot("distroless");
    addNodeTo(files, "nodejs/bin");
    mkdirSync(join(files, "etc"), { recursive: true });
    writeFileSync(
      join(files, "etc/passwd"),
      "nonroot:x:65532:65532::/home/nonroot:/sbin/nologin\n",
    );
    const entrypoint = '--entrypoint=["/nodejs/bin/node"]';
    await this.#commit(files, DISTROLESS_IMAGE, [entrypoint, "--user=65532", "--workingdir=/"]);
  }

  #newRoot(name: string): string {
    const files = join(this.folder, name);
    for (const folder of ["bin", "proc", "tmp", "dev"]) {
      mkdirSync(join(files, folder), { recursive: true });
    }
    return files;
  }

  async #commit(files: string, tag: string, configuration: readonly string[]): Promise<void> {
    const container = await this.#buildah(["from", "scratch"]);
    await this.#buildah(["copy", "-q", container, files, "/"]);
    rmSync(files, { recursive: true });
    await this.#buildah(["config", ...configuration, container]);
    await this.#buildah(["commit", "-q", "--format=docker", "--rm", container, tag]);
  }

  async #buildah(args: readonly string[]): Promise<string> {
    const [root, state] = [join(this.folder, "storage"), join(this.folder, "state")];
    const storage = ["--storage-driver=vfs", `--root=${root}`, `--runroot=${state}`];
    const { stdout } = await run("buildah", [...storage, ...args], { maxBuffer: 16e6 });
    return stdout.trim();
  }
}

function addBusyboxTo(files: string): void {
  copyFileSync(findInPath("busybox") ?? "", join(files, "bin/busybox"));
  for (const command of BUSYBOX_COMMANDS) symlinkSync("busybox", join(files, "bin", command));
}

/** Adds Node with the libraries that the dynamic linker finds for it. */
function addNodeTo(files: string, folder: string): void {
  mkdirSync(join(files, folder), { recursive: true });
  copyFileSync(node, join(files, folder, "node"));
  const libraries = execFileSync("ldd", [node], { encoding: "utf8" }).matchAll(/\/\S+\.so[.\d]*/g);
  for (const [path] of libraries) {
    mkdirSync(join(files, dirname(path)), { recursive: true });
    copyFileSync(path, join(files, path));
  }
}
