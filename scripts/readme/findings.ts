import { productionRows, type ProductionRow, topics } from "../../src/cli/check/production-rows.ts";
import { findingRows, type FindingRow, symptoms } from "../../src/cli/doctor/finding-rows.ts";

/** Renders what `telltale doctor` finds, by symptom, in Markdown. */
export function findingsTables(): string {
  const rows = Object.values<FindingRow>(findingRows);
  return Object.entries(symptoms)
    .map(([symptom, title]) => {
      const own = rows.filter((row) => row.symptom === symptom);
      return [`### ${title}`, "", ...table(own)].join("\n");
    })
    .join("\n\n");
}

/** Renders the checklist of `telltale check --production`, by topic, in Markdown. */
export function checklistTable(): string {
  const rows = Object.values<ProductionRow>(productionRows);
  return Object.entries(topics)
    .map(([topic, title]) => {
      const own = rows.filter((row) => row.topic === topic);
      return [`### ${title}`, "", ...table(own)].join("\n");
    })
    .join("\n\n");
}

function table(rows: readonly Pick<FindingRow, "message" | "remedy">[]): string[] {
  return [
    "| Finding | What to do |",
    "| --- | --- |",
    ...rows.map(({ message, remedy }) => `| ${cell(message)} | ${cell(remedy)} |`),
  ];
}

/** Placeholders become an ellipsis. */
function cell(text: string): string {
  const capitalized = text.charAt(0).toUpperCase() + text.slice(1);
  return capitalized.replaceAll(/\{\w+\}/g, "…").replaceAll("|", String.raw`\|`);
}
