import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";

const folder = join(import.meta.dirname, ".cache", "prisma");

const schema = `
generator client {
  provider = "prisma-client-js"
  output   = "./client"
}
datasource database {
  provider = "postgresql"
}
model prisma_items {
  id   Int     @id
  name String?
}
`;

/**
 * Generates the Prisma client for a table `prisma_items`.
 *
 * @returns the absolute path of the client
 */
export function generatePrismaClient(): Promise<string> {
  return (generated ??= generate());
}

let generated: Promise<string> | undefined;

async function generate(): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "schema.prisma");
  writeFileSync(path, schema);
  const program = createRequire(import.meta.url).resolve("prisma/build/index.js");
  await promisify(execFile)(process.execPath, [program, "generate", "--schema", path], {
    cwd: folder,
    env: {
      PATH: process.env["PATH"],
      // Otherwise Prisma downloads an engine and checks for a newer version.
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      CHECKPOINT_DISABLE: "1",
    },
  });
  return join(folder, "client", "index.js");
}
