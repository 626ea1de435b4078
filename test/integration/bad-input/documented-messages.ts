import { readFileSync } from "node:fs";

const page = readFileSync(new URL("../../../docs/troubleshooting.md", import.meta.url), "utf8");

/** A row of which less is fixed text would match any message. */
const MIN_FIXED_LENGTH = 12;

/** The messages of docs/troubleshooting.md: `…` is any text, VARIABLE the name of a variable. */
const patterns: readonly RegExp[] = page
  .slice(page.indexOf("## Messages"))
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .flatMap((line) => [...(line.split(" | ")[0] ?? "").matchAll(/`([^`]+)`/g)])
  .map(([, text = ""]) => text)
  .filter((text) => text.replaceAll(/[…\W]/g, "").length >= MIN_FIXED_LENGTH)
  .map((text) => new RegExp(text.split("…").map(escaped).join(".*"), "s"));

/** Whether docs/troubleshooting.md has a row for a message. */
export function isDocumentedMessage(message: string): boolean {
  return patterns.some((pattern) => pattern.test(message));
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&").replace("VARIABLE", "[A-Z_]+");
}
