import { globSync } from "node:fs";
import { join } from "node:path";
import type { ErrorSource, SourceGroup } from "../../test/libraries/error-sources/source-group.ts";
import { root } from "../build/paths.ts";

/** Renders the sources of errors that the tests run, and what reports them, in Markdown: one table for each group. */
export async function errorSourcesTables(): Promise<string> {
  const groups = await sourceGroups();
  return groups.map(sourcesTable).join("\n\n");
}

async function sourceGroups(): Promise<SourceGroup[]> {
  const files = globSync("test/libraries/error-sources/**/*.ts", { cwd: root });
  const rows = files.filter((file) => !file.endsWith(".test.ts")).toSorted();
  const modules = await Promise.all(
    rows.map(async (file) => (await import(join(root, file))) as { sourceGroup?: SourceGroup }),
  );
  return modules.flatMap(({ sourceGroup }) => sourceGroup ?? []);
}

/** Renders one line for each place and each mechanism, with the libraries that have it there. */
export function sourcesTable({ title, sources }: SourceGroup): string {
  const all = namesOf(sources);
  const byPlace = groupsOf(sources, ({ place }) => place);
  const lines = byPlace.flatMap((same) => groupsOf(same, ({ mechanism }) => mechanism));
  return [
    `**${title}**: ${all}`,
    "",
    "| Source | In | Mechanism of the event |",
    "| --- | --- | --- |",
    ...lines.map((same) => lineOf(same, all)),
  ].join("\n");
}

function lineOf(same: readonly ErrorSource[], all: string): string {
  const names = namesOf(same);
  return `| ${same[0]?.place} | ${names === all ? "all" : names} | ${eventOf(same)} |`;
}

function eventOf([source]: readonly ErrorSource[]): string {
  const { mechanism, reason } = source ?? {};
  return mechanism === undefined ? `no event: ${reason}` : `\`${mechanism}\``;
}

/** Returns the names, versions of the same library together: `Koa 2/3`. */
function namesOf(sources: readonly ErrorSource[]): string {
  const names = [...new Set(sources.map(({ library }) => library))];
  const versions = groupsOf(names, (name) => name.replace(VERSION, ""));
  return versions.map(joinVersions).join(", ");
}

const VERSION = / \d+$/;

function joinVersions([first = "", ...others]: readonly string[]): string {
  return [first, ...others.map((name) => VERSION.exec(name)?.[0].trim())].join("/");
}

/** Returns the items with the same key together, in the order of their first ones. */
function groupsOf<T>(items: readonly T[], keyOf: (item: T) => unknown): readonly T[][] {
  const groups = new Map<unknown, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}
