import type { Run } from "../../../model.ts";
import { formatDate } from "../../format.ts";

/** `[main] main 9d01e44a, 30 Nov, 14:03`: baseline, branch, commit and time. */
export function runLabel({ branch, commit, dirty, start, baseline }: Run): string {
  const source = [branch, commit?.slice(0, 8), dirty === true ? "+ changes" : undefined];
  const label = source.filter((part) => part !== undefined).join(" ");
  const name = baseline === undefined ? "" : `[${baseline}] `;
  return `${name}${label === "" ? "" : `${label}, `}${formatDate(start)}`;
}
