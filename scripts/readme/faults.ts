import type { Cell, Fault } from "../../test/integration/faults/fault.ts";
import { faults } from "../../test/integration/faults/faults.ts";
import { signals } from "../../test/integration/faults/peers.ts";

/** Returns the tables of docs/reliability.md: one for each group of faults. */
export function faultTables(): string {
  const groups = [...new Set(faults.map(({ group }) => group))];
  return groups
    .map((name) => `### ${name}\n\n${table(faults.filter(({ group }) => group === name))}`)
    .join("\n\n");
}

function table(rows: readonly Fault[]): string {
  const head = "| fault | traces | metrics | logs | errors |\n| --- | --- | --- | --- | --- |";
  const lines = rows.map((fault) => {
    const cells = signals.map((signal) => cellText(fault.cells[signal], fault));
    return `| ${[subjectOf(fault), ...cells].join(" | ")} |`;
  });
  return [head, ...lines].join("\n");
}

const aboutReceiver: ReadonlySet<Fault["group"]> = new Set(["Connection", "TLS", "Responses"]);

function subjectOf({ group, title }: Fault): string {
  if (!aboutReceiver.has(group) || title.startsWith("a ")) return title;
  return `the receiver ${title}`;
}

function cellText(cell: Cell, { isPermanent }: Fault): string {
  const later =
    cell.afterwards === undefined || isPermanent === true ? "" : laterTexts[cell.afterwards];
  return `${resultText(cell)}${later}`;
}

const laterTexts: Readonly<Record<NonNullable<Cell["afterwards"]>, string>> = {
  sent: "",
  queued: "; later ones wait for the end of the pause",
  dropped: "; later ones are dropped until the end of the pause",
};

function resultText({ result, reason = "failed", count, attempts }: Cell): string {
  const isRetried = attempts === "several";
  if (count !== undefined)
    return `${count === "some" ? "those beyond the limit are" : `${count} is`} dropped (\`${reason}\`), the others are sent`;
  if (result === "sent") return isRetried ? "retried, sent" : "sent";
  if (result === "queued") return "kept, retried";
  return isRetried ? `retried, then dropped (\`${reason}\`)` : `dropped (\`${reason}\`)`;
}
