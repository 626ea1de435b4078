import { cp, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { collectorBinary, collectorGoVersion, compile, TAGS } from "./build.ts";
import { FLAGS } from "../go/compile.ts";
import { generateSources, go, modulesOf } from "./generate.ts";
import { collector, distribution, manifest } from "./paths.ts";

/** The measured sizes, stored beside the README that shows them. */
export const sizesFile: string = join(collector, "sizes.json");

export interface Sizes {
  /** e.g. "go1.26.8 linux amd64". */
  readonly go: string;
  /** Size of the binary, in bytes. */
  readonly binary: number;
  readonly gzipped: number;
  readonly variants: readonly BinaryVariant[];
}

/** Size of the binary with another set of components. */
export interface BinaryVariant {
  readonly what: string;
  readonly kind: "without" | "with" | "built";
  /** Difference in bytes. */
  readonly binary: number;
}

const contrib = "github.com/open-telemetry/opentelemetry-collector-contrib";

/** Components that are left out, and that users ask for most. */
const LEFT_OUT_MODULES: Readonly<Record<string, string>> = {
  resourcedetectionprocessor: `${contrib}/processor/resourcedetectionprocessor v0.155.0`,
  prometheusreceiver: `${contrib}/receiver/prometheusreceiver v0.155.0`,
  probabilisticsamplerprocessor: `${contrib}/processor/probabilisticsamplerprocessor v0.155.0`,
  groupbyattrsprocessor: `${contrib}/processor/groupbyattrsprocessor v0.155.0`,
};

/** Components that share large packages, and are measured together. */
const MEASURED_TOGETHER: readonly (readonly string[])[] = [
  ["prometheusexporter", "prometheusremotewriteexporter"],
  ["filterprocessor", "transformprocessor", "tailsamplingprocessor", "countconnector"],
];

/**
 * Builds the Collector once without each component, and once with each of those
 * that are left out. It takes minutes, as each build is linked.
 */
export async function measureSizes(): Promise<Sizes> {
  const binary = await collectorBinary();
  const content = await readFile(binary);
  const folder = await mkdtemp(join(tmpdir(), "telltale-sizes-"));
  try {
    const variants: BinaryVariant[] = [];
    for (const measure of measurementPlan(await readFile(manifest, "utf8"))) {
      const variant = await measure(folder);
      process.stderr.write(`${variant.kind} ${variant.what}: ${variant.binary} bytes\n`);
      variants.push(variant);
    }
    const gzipped = (await promisify(gzip)(content)).length;
    return { go: await collectorGoVersion(), binary: content.length, gzipped, variants };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

type Measure = (folder: string) => Promise<BinaryVariant>;

function measurementPlan(text: string): readonly Measure[] {
  const single = modulesOf(text)
    .map(({ path }) => [basename(path)])
    .filter(([name]) => !name?.endsWith("provider") && name !== "otlpreceiver");
  return [
    ...[...single, ...MEASURED_TOGETHER].map(
      (names): Measure =>
        (folder) =>
          measureWithout(text, names, folder),
    ),
    ...Object.entries(LEFT_OUT_MODULES).map(
      ([name, module]): Measure =>
        (folder) =>
          measureWith(text, name, module, folder),
    ),
    (folder) => measureFlags("with symbols and debug information", ["-trimpath"], folder),
  ];
}

async function measureWithout(
  text: string,
  names: readonly string[],
  folder: string,
): Promise<BinaryVariant> {
  const lines = text
    .split("\n")
    .filter((line) => !names.some((name) => line.includes(`/${name} `)));
  const sources = await sourcesOf(lines.join("\n"), folder);
  return { kind: "without", what: names.join(" + "), binary: await sizeOf(sources) };
}

async function measureWith(
  text: string,
  name: string,
  module: string,
  folder: string,
): Promise<BinaryVariant> {
  const section = /\/(\w+)\/\w+ /.exec(module)?.[1] ?? "processor";
  const edited = text.replace(`${section}s:\n`, `${section}s:\n  - gomod: ${module}\n`);
  const sources = await sourcesOf(edited, folder);
  await go(["get", module.replace(" ", "@")], sources);
  await go(["list", "-mod=mod", "-deps", `-tags=${TAGS}`, "."], sources);
  return { kind: "with", what: name, binary: await sizeOf(sources) };
}

async function measureFlags(
  what: string,
  flags: readonly string[],
  folder: string,
): Promise<BinaryVariant> {
  const sources = await sourcesOf(await readFile(manifest, "utf8"), folder);
  return { kind: "built", what, binary: await sizeOf(sources, flags) };
}

async function sourcesOf(text: string, folder: string): Promise<string> {
  const own = await mkdtemp(join(folder, "variant-"));
  // An empty section is null in YAML, which the Builder treats as missing.
  const sources = await generateSources(text, own);
  for (const name of ["go.mod", "go.sum"]) {
    await cp(join(distribution, name), join(sources, name));
  }
  return sources;
}

async function sizeOf(sources: string, flags: readonly string[] = FLAGS): Promise<number> {
  const output = join(sources, "binary");
  await compile(output, TAGS, sources, flags);
  const { size } = await stat(output);
  await rm(output);
  return size;
}

/** Writes the figures for `table.ts`. */
export async function writeSizesFile(sizes: Sizes): Promise<void> {
  await writeFile(sizesFile, `${JSON.stringify(sizes, undefined, 2)}\n`);
}
