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

/** What `npm run upstream` writes: path below `src/instrumentation/upstream/generated/` -> content, not formatted. */
export function upstreamFiles(): Map<string, string> {
  const adopted = adoptedInstrumentations();
  return new Map([
    ["rows.ts", renderTable(adopted)],
    ...adopted.map((one) => [`${one.name}.ts`, renderAdaptor(one)] as const),
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
    const path = `instrumentation/upstream/generated/${name}.ts`;
    return `const ${loaderOf(name)} = lazy<typeof import("./${name}.ts")>("${path}");`;
  });
  const rows = adopted.flatMap(({ name, rows }) =>
    rows.map((row) => {
      const fields = JSON.stringify(row).slice(1, -1);
      return `{ ${fields}, "load": ${loaderOf(name)} }`;
    }),
  );
  return `${HEADER}import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../loading/library-row.ts";

${loaders.join("\n")}

/** What upstream's instrumentations patch, those that are taken over as they are. */
export const upstreamRows: readonly LibraryRow[] = [${rows.join(",\n")}];
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
${imports}import type { Adaptor } from "../../loading/adaptor.ts";
${file}import { upstreamAdaptor } from "../upstream-adaptor.ts";

export const adaptor: Adaptor = upstreamAdaptor((options) => ${made}${methods});
`;
}

function wrap(name: string, made: string): { file: string; made: string } {
  const wrapper = wrappedInstrumentations[name];
  const own = wrapper === undefined ? made : `${wrapper.by}(${made})`;
  const file = wrapper === undefined ? "" : `import { ${wrapper.by} } from "../${wrapper.file}";\n`;
  if (!literalStatementDatabases.includes(name)) return { file, made: own };
  return {
    file: `import { withSanitizedSql } from "../sanitize-sql.ts";\n${file}`,
    made: `withSanitizedSql(${own}, options)`,
  };
}
