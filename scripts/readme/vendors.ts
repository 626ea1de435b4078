import { type Fact, LOOKED_UP, type VendorRow } from "../../test/integration/vendors/vendor-row.ts";
import { commandsOf, vendorRows } from "../../test/integration/vendors/vendors.ts";

/** Renders the sections of docs/vendors.md. */
export function vendorSections(): string {
  const sections = vendorRows.map(section);
  return [`The facts were looked up on ${LOOKED_UP}.`, ...sections].join("\n\n");
}

function section({
  vendor,
  introduction,
  addresses,
  direct,
  facts,
  remarks = [],
}: VendorRow): string {
  const lines = Object.entries(addresses).map(([where, address]) => `| ${where} | ${address} |`);
  return [
    `## ${vendor.name}\n\n${introduction}`,
    ["| where | address |", "| --- | --- |", ...lines].join("\n"),
    ...(direct === undefined ? [] : [`\`\`\`sh\n${commandsOf(direct)}\n\`\`\``]),
    ["| what | its documentation states |", "| --- | --- |", ...facts.map(factLine)].join("\n"),
    ...remarks,
  ].join("\n\n");
}

function factLine({ topic, text, source }: Fact): string {
  return `| ${topic} | ${text}${source === undefined ? "" : ` ([source](${source}))`} |`;
}
