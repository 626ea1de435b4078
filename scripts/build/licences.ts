import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { BundledPackage } from "./packages.ts";
import { root } from "./paths.ts";

const SEPARATOR = `${"-".repeat(80)}\n`;

/**
 * Returns the text of `THIRD-PARTY-LICENSES.txt`: the bundled packages, their
 * licences, and the full text of every licence and notice. A text that several
 * packages share is listed once.
 *
 * @throws if a package has no licence file.
 */
export function thirdPartyLicences(packages: readonly BundledPackage[]): string {
  const packagesByText = new Map<string, BundledPackage[]>();
  for (const bundled of packages) {
    for (const text of licenceTexts(bundled)) {
      packagesByText.set(text, [...(packagesByText.get(text) ?? []), bundled]);
    }
  }
  const index = packages.map((bundled) => `  ${label(bundled)}: ${bundled.license ?? "see below"}`);
  const texts = [...packagesByText].map(
    ([text, names]) => `${SEPARATOR}${names.map(label).join("\n")}\n${SEPARATOR}\n${text}\n`,
  );
  return `telltale contains code of these packages:\n\n${index.join("\n")}\n\n${texts.join("\n")}`;
}

function licenceTexts(bundled: BundledPackage): string[] {
  const names = readdirSync(join(root, bundled.path)).filter((name) =>
    /^(licen[cs]e|copying|notice)([.-].*)?$/i.test(name),
  );
  if (!names.some((name) => !/^notice/i.test(name))) {
    throw new Error(`${label(bundled)} is bundled, but has no file with its licence`);
  }
  return names.map((name) => readFileSync(join(root, bundled.path, name), "utf8").trimEnd());
}

function label({ name, version }: BundledPackage): string {
  return `${name} ${version}`;
}
