import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { nodes } from "../../nodes.ts";
import { preload } from "../program.ts";
import type { Combination } from "./run.ts";

const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

const frameworks = [
  { name: "Express 5", app: "express5" },
  { name: "Express 4", app: "express4" },
  { name: "Fastify 5", app: "fastify5" },
  { name: "Fastify 4", app: "fastify4" },
];
const formats = [
  { name: "ESM", extension: "mjs" },
  { name: "CJS", extension: "cjs" },
];

const matrix: readonly Combination[] = nodes.flatMap((node) =>
  frameworks.flatMap(({ name, app }) =>
    formats.map((format) => ({
      title: `${name}, ${format.name}, Node ${node.name}`,
      app: `${app}.${format.extension}`,
      node: node.path,
      flags: preload.import,
    })),
  ),
);

/** Loads TypeScript by Node's type stripping, or by `tsx` on 22.15, which has none. */
const typeScript: readonly Combination[] = nodes.map(({ name, path }) => ({
  title: `Fastify 5, TypeScript ${name === "22.15" ? "by tsx" : "by Node itself"}, Node ${name}`,
  app: "fastify5.ts",
  node: path,
  flags: name === "22.15" ? [...preload.import, "--import", tsx] : preload.import,
}));

/** The name that an app uses, which Node resolves from the working directory. */
const otherPreloads: readonly Combination[] = [
  { how: "--require", flags: ["--require", "telltale/register"], env: {} },
  { how: "NODE_OPTIONS", flags: [], env: { NODE_OPTIONS: "--import=telltale/register" } },
  {
    how: "--import, --require and NODE_OPTIONS at once",
    flags: ["--require", "telltale/register", ...preload.import],
    env: { NODE_OPTIONS: "--require=telltale/register" },
  },
].flatMap(({ how, flags, env }, at) =>
  nodes
    .filter((_node, index) => index === at % nodes.length)
    .map((node) => ({
      title: `Express 5, CJS, Node ${node.name}, preloaded by ${how}`,
      app: "express5.cjs",
      node: node.path,
      flags,
      env,
    })),
);

export const combinations: readonly Combination[] = [...matrix, ...typeScript, ...otherPreloads];
