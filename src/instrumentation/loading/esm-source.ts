import { type ExportSpecifier, type ImportSpecifier, parse } from "es-module-lexer/minimal";
import { EXPORTS_HOOK } from "./esm-exports.ts";

/*
 * Nothing can be assigned to the exports of an ES module from outside, and a
 * wrapper around each module (import-in-the-middle) breaks apps whose modules
 * form circles. So the few files that the table asks for get one more line at
 * their end, which hands us access to the variables behind their exports. All
 * other lines and columns stay, and so do stack traces and source maps.
 */

/**
 * The source of an ES module, with the line.
 *
 * @param replaced exports that must be assignable even if they are constants,
 *   or a default export without a name
 * @throws Error if the source can't be read
 */
export function exposeExports(source: string, replaced: readonly string[]): string {
  const [imports, exports] = parse(source);
  const edits = exports.filter(({ n }) => replaced.includes(n));
  const edited = edits.reduceRight(makeAssignable, source);
  const reExports = imports.flatMap((one) => reExportsOf(source.slice(one.ss, one.se), one));
  const bindings = exports.flatMap((one) => bindingSource(one, edits.includes(one), source) ?? []);
  return [
    `${edited}\n;`,
    ...reExports.map(({ statement }) => statement),
    edits.some(isUnnamedDefault) ? `export { ${DEFAULT_VARIABLE} as default };` : "",
    `globalThis[globalThis.Symbol.for("${Symbol.keyFor(EXPORTS_HOOK)}")]?.(import.meta.url, {`,
    ...[...reExports.map(({ binding }) => binding), ...bindings].map((access) => `${access},`),
    "});\n",
  ].join(" ");
}

const DEFAULT_VARIABLE = "telltale$default";

/** What is passed on from another module has no variable here. */
function bindingSource(
  one: ExportSpecifier,
  isEdited: boolean,
  source: string,
): string | undefined {
  const name = JSON.stringify(one.n);
  const variable = isUnnamedDefault(one) && isEdited ? DEFAULT_VARIABLE : one.ln;
  if (variable !== undefined) {
    const set = `set: (telltale$value) => { ${variable} = telltale$value; }`;
    return `${name}: { get: () => ${variable}, ${set} }`;
  }
  // `export default Koa;` took the value: another one in the variable changes nothing.
  const value = isUnnamedDefault(one) ? identifierIn(lineAt(source, one.e)) : undefined;
  return value === undefined ? undefined : `${name}: { get: () => ${value} }`;
}

/** `Koa` of ` Koa;`. */
function identifierIn(line: string): string | undefined {
  if (!/^\s/.test(line)) return undefined;
  const name = line.trim().replace(/;$/, "").trimEnd();
  return /^[\w$]+$/.test(name) ? name : undefined;
}

function lineAt(source: string, from: number): string {
  const end = source.indexOf("\n", from);
  return source.slice(from, end === -1 ? undefined : end);
}

interface ReExport {
  /** Imports the other module once more. */
  readonly statement: string;
  readonly binding: string;
}

/** `export { a as b } from "./other.js"` and its like: what it gives can be read. */
function reExportsOf(statement: string, one: ImportSpecifier): ReExport[] {
  const [, clause] = /^export\s*(\*(?:\s*as\s+[^\s"']+)?|\{[^}]*\})\s*from/.exec(statement) ?? [];
  if (clause === undefined || one.n === undefined || one.a !== -1) return [];
  const from = `telltale$${one.ss}`;
  const binding = clause.startsWith("{") ? namedBindings(clause, from) : starBindings(clause, from);
  return [{ statement: `\nimport * as ${from} from ${JSON.stringify(one.n)};`, binding }];
}

function namedBindings(clause: string, from: string): string {
  const parts = clause
    .slice(1, -1)
    .replace(/\/\*[^]*?(?:\*\/|$)|\/\/.*/g, "")
    .split(",");
  const bindings = parts.flatMap((part) => {
    const [, local, name = local] = /^\s*(\S+?)(?:\s+as\s+(\S+))?\s*$/.exec(part) ?? [];
    if (local === undefined || name === undefined) return [];
    return `${quoted(name)}: { get: () => ${from}[${quoted(local)}] }`;
  });
  return bindings.join(", ");
}

function starBindings(clause: string, from: string): string {
  const [, name] = /as\s+(\S+)/.exec(clause) ?? [];
  if (name !== undefined) return `${quoted(name)}: { get: () => ${from} }`;
  return `...globalThis.Object.fromEntries(globalThis.Object.keys(${from}).filter((name) => name !== "default").map((name) => [name, { get: () => ${from}[name] }]))`;
}

/** A name, or one that is a string already. */
function quoted(name: string): string {
  return /^["']/.test(name) ? name : JSON.stringify(name);
}

function isUnnamedDefault({ n, ln }: ExportSpecifier): boolean {
  return n === "default" && ln === undefined;
}

/** A constant becomes a variable, in as many characters: columns stay. */
function makeAssignable(source: string, one: ExportSpecifier): string {
  if (isUnnamedDefault(one)) {
    const start = source.lastIndexOf("export", one.s);
    return `${source.slice(0, start)}let ${DEFAULT_VARIABLE} =${source.slice(one.e)}`;
  }
  const name = (one.ln ?? one.n).replaceAll("$", "\\$");
  const declaration = new RegExp(`(^|[;{}\\n][^\\S\\n]*|export\\s+)const(?=\\s+${name}\\s*=)`);
  return source.replace(declaration, "$1let  ");
}
