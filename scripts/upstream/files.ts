import { libraryRows } from "../../src/instrumentation/table.ts";
import {
  constructorConfigs,
  replacedInstrumentations,
  wrappedInstrumentations,
  contextLosingMethods,
  literalStatementDatabases,
} from "./choice.ts";
import { type UpstreamInstrumentation, upstreamInstrumentations } from "./modules.ts";

const HEADER = `// Made by \`npm run upstream\` of the installed @opentelemetry/auto-instrumentations-node.\n\n`;

/** What `npm run upstream` writes: path below `src/instrumentation/` -> content, not formatted. */
export function upstreamFiles(): Map<string, string> {
  const adopted = adoptedInstrumentations();
  return new Map([
    ["upstream-table.ts", renderTable(adopted)],
    ...adopted.map((one) => [`upstream/${one.name}.ts`, renderAdaptor(one)] as const),
  ]);
}

/** Those that nobody here has made his own. */
function adoptedInstrumentations(): UpstreamInstrumentation[] {
  const own = new Set(libraryRows.map(({ instrumentation }) => instrumentation));
  return upstreamInstrumentations().filter(
    ({ name }) => !own.has(name) && !(name in replacedInstrumentations),
  );
}

function renderTable(adopted: readonly UpstreamInstrumentation[]): string {
  const loaders = adopted.map(({ name }) => {
    const path = `upstream/${name}.ts`;
    return `const ${loaderOf(name)} = lazy<typeof import("./${path}")>("instrumentation/${path}");`;
  });
  const rows = adopted.flatMap(({ name, rows }) =>
    rows.map((row) => {
      const fields = JSON.stringify(row).slice(1, -1);
      return `{ ${fields}, "load": ${loaderOf(name)} }`;
    }),
  );
  return `${HEADER}import { lazy } from "../lazy.ts";
import type { Row } from "./table.ts";

${loaders.join("\n")}

/** What upstream's instrumentations patch, those that are taken over as they are. */
export const upstreamTable: readonly Row[] = [${rows.join(",\n")}];
`;
}

/** `loadAwsSdk` for `aws-sdk`. */
function loaderOf(name: string): string {
  return `load-${name}`.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function renderAdaptor({ name, className }: UpstreamInstrumentation): string {
  const { imports, config } = constructorConfigs[name] ?? { imports: "", config: "options" };
  const { file, made } = wrap(name, `new ${className}(${config})`);
  const methods =
    name in contextLosingMethods ? `, ${JSON.stringify(contextLosingMethods[name])}` : "";
  return `${HEADER}import { ${className} } from "@opentelemetry/instrumentation-${name}";
${imports}import type { Adaptor } from "../adaptor.ts";
${file}import { upstreamAdaptor } from "../upstream.ts";

export const adaptor: Adaptor = upstreamAdaptor((options) => ${made}${methods});
`;
}

function wrap(name: string, made: string): { file: string; made: string } {
  const mend = wrappedInstrumentations[name];
  const own = mend === undefined ? made : `${mend.by}(${made})`;
  const file = mend === undefined ? "" : `import { ${mend.by} } from "../${mend.file}";\n`;
  if (!literalStatementDatabases.includes(name)) return { file, made: own };
  return {
    file: `import { withoutLiterals } from "../clean-sql.ts";\n${file}`,
    made: `withoutLiterals(${own}, options)`,
  };
}
