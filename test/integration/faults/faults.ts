import type { Fault } from "./fault.ts";
import { connectionFaults } from "./rows/connection.ts";
import { dataFaults } from "./rows/data.ts";
import { processFaults } from "./rows/process.ts";
import { responseFaults } from "./rows/responses.ts";

/**
 * The faults that are tested, and what is expected of each signal. `npm run readme`
 * writes the table in docs/reliability.md from them.
 */
export const faults: readonly Fault[] = [
  ...connectionFaults,
  ...responseFaults,
  ...processFaults,
  ...dataFaults,
];
