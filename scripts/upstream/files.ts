import { table } from "../../src/instrumentation/table.ts";
import { configured, elsewhere, mended, waiting, withLiterals } from "./choice.ts";
import { type UpstreamInstrumentation, upstreamInstrumentations } from "./modules.ts";

const HEADER = `// Made by \`npm run upstream\` of the installed @opentelemetry/auto-instrumentations-node.\n\n`;

/** What `npm run upstream` writes: path below `src/instrumentation/` -> content, not formatted. */
export function upstreamFiles(): Map<string, string> {
  const taken = takenOver();
  return new Map([
    ["upstream-table.ts", tableText(taken)],
    ["upstream-chunks.ts", chunksText(taken)],
    ...taken.map((one) => [`upstream/${one.name}.ts`, adaptorText(one)] as const),
  ]);
}

/** Those that nobody here has made his own. */
function takenOver(): UpstreamInstrumentation[] {
  const own = new Set(table.map(({ instrumentation }) => instrumentation));
  return upstreamInstrumentations().filter(({ name }) => !own.has(name) && !(name in elsewhere));
}

function tableText(taken: readonly UpstreamInstrumentation[]): string {
  const rows = taken.flatMap(({ name, rows }) =>
    rows.map((row) => ({ ...row, chunk: chunkOf(name) })),
  );
  return `${HEADER}import type { Row } from "./table.ts";

/** What upstream's instrumentations patch, those that are taken over as they are. */
export const upstreamTable: readonly Row[] = ${JSON.stringify(rows)};
`;
}

function chunksText(taken: readonly UpstreamInstrumentation[]): string {
  const line = (value: (name: string) => string): string =>
    taken.map(({ name }) => `  "${chunkOf(name)}": ${value(name)}`).join(",\n");
  return `${HEADER}/** The chunks of \`upstream-table.ts\`, for \`chunks.ts\`. */
export interface UpstreamChunkTypes {
${line((name) => `typeof import("./upstream/${name}.ts")`)}
}

export const upstreamChunks: Readonly<Record<keyof UpstreamChunkTypes, string>> = {
${line((name) => `"./instrumentation/upstream/${name}.ts"`)}
};
`;
}

function adaptorText({ name, className }: UpstreamInstrumentation): string {
  const { imports, config } = configured[name] ?? { imports: "", config: "options" };
  const { file, made } = mendedFrom(name, `new ${className}(${config})`);
  const methods = name in waiting ? `, ${JSON.stringify(waiting[name])}` : "";
  return `${HEADER}import { ${className} } from "@opentelemetry/instrumentation-${name}";
${imports}import type { Adaptor } from "../adaptor.ts";
${file}import { upstreamAdaptor } from "../upstream.ts";

export const adaptor: Adaptor = upstreamAdaptor((options) => ${made}${methods});
`;
}

function mendedFrom(name: string, made: string): { file: string; made: string } {
  const mend = mended[name];
  const own = mend === undefined ? made : `${mend.by}(${made})`;
  const file = mend === undefined ? "" : `import { ${mend.by} } from "../${mend.file}";\n`;
  if (!withLiterals.includes(name)) return { file, made: own };
  return {
    file: `import { withoutLiterals } from "../clean-sql.ts";\n${file}`,
    made: `withoutLiterals(${own}, options)`,
  };
}

function chunkOf(name: string): string {
  return `upstream-${name}`;
}
