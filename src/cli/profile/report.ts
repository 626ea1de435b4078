import { escapeControlCharacters } from "../../diagnostics/escape-control-characters.ts";
import type { ProfileSummary } from "./top-functions.ts";

/** Returns the lines of the functions that took most: `41.2%  1.24 s  priceOf  /app/cart.js:12`. */
export function linesOfSummary({ unit, total, top, labelledShare }: ProfileSummary): string[] {
  if (total === 0) return ["no samples: the app had nothing to do"];
  const trace = labelledShare === 0 ? "" : `, ${percent(labelledShare)} with a trace id`;
  return [
    `${amount(total, unit)} in all${trace}`,
    ...top.map(({ name, file, line, self, share }) => {
      const place = file === "" ? "" : `  ${file}${line === 0 ? "" : `:${line}`}`;
      const columns = [percent(share).padStart(6), amount(self, unit).padStart(9), name];
      return escapeControlCharacters(`${columns.join("  ")}${place}`);
    }),
  ];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}

function amount(value: number, unit: string): string {
  if (unit === "bytes")
    return value < 1e6 ? `${(value / 1e3).toFixed(1)} kB` : `${(value / 1e6).toFixed(1)} MB`;
  return value < 1e9 ? `${(value / 1e6).toFixed(1)} ms` : `${(value / 1e9).toFixed(2)} s`;
}
