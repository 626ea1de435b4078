import type { ProfileDestination, ProfilingConfig } from "../config.ts";
import type { EnvironmentReader } from "../environment-reader.ts";
import type * as variables from "../variables.ts";

type Table = typeof variables;

/** Reads what is profiled; undefined if that is nothing. */
export function readProfiling(
  reader: EnvironmentReader,
  table: Table,
): ProfilingConfig | undefined {
  const modes = reader.read(table.profiling);
  const onDemand = modes.includes("on_demand") && readOnDemand(reader, table);
  const continuous = readContinuous(reader, table, modes.includes("continuous"));
  return onDemand || continuous !== undefined ? { onDemand, continuous } : undefined;
}

/** Without a token anybody who reaches the admin server could slow the app down. */
function readOnDemand(reader: EnvironmentReader, table: Table): boolean {
  if (reader.read(table.adminToken) !== undefined) return true;
  const expected = `${table.adminToken.name} too`;
  reader.report(table.profiling, { expected, used: "no profiles on demand" });
  return false;
}

const NONE = "no continuous profiles";

function readContinuous(
  reader: EnvironmentReader,
  table: Table,
  isWanted: boolean,
): ProfileDestination | undefined {
  const { profiling, profilingExport, profilingExportHeaders } = table;
  if (!isWanted) {
    if (reader.has(profilingExport)) {
      const expected = `${profiling.name}=continuous too`;
      reader.report(profilingExport, { expected, used: NONE });
    }
    return undefined;
  }
  if (!reader.has(profilingExport))
    reader.report(profiling, { expected: `${profilingExport.name} too`, used: NONE });
  const destination = reader.read(profilingExport, NONE);
  if (destination === undefined || destination.kind === "folder") return destination;
  const headers = { ...destination.headers, ...lowerCase(reader.read(profilingExportHeaders)) };
  return { ...destination, headers };
}

/** A header of the variable replaces that of the address, whatever its case. */
function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(headers);
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), value]));
}
