import { type ExportSpecifier, type ImportSpecifier, parse } from "es-module-lexer/minimal";
import { EXPORTS_HOOK } from "./esm-exports.ts";

/*
 * Exports of an ES module cannot be assigned from outside, and a wrapper around
 * each module (import-in-the-middle) breaks apps with circular imports. Therefore
 * the few files of the table get one statement at their end that exposes the
 * variables behind their exports. All other lines and columns stay the same, and
 * with them stack traces and source maps.
 */

/**
 * Returns the source of an ES module with the statement that exposes its exports.
 *
 * @param assignable exports that must be assignable even if they are constants, or
 * an unnamed default export
 * @throws Error if the source cannot be parsed
 */
export function exposeExports(source: string, assignable: readonly string[]): string {
  const [imports, exports] = parse(source);
  const edits = exports.filter(({ n }) => assignable.includes(n));
  const edited = edits.reduceRight(makeAssignable, source);
  const reExports = imports.flatMap((one) => reExportsOf(source.slice(one.ss, one.se), one));
  const bindings = exports.flatMap((one) => bindingSource(one, edits.includes(one), source) ?? []);
  return [
    `${edited}\n;`,
    ...reExports.map(({ statement }) => statement),
    edits.some(isUnnamedDefault) ? `export { ${DEFAULT_VARIABLE} as default };` : "",
    `globalThis[globalThis.Symbol.for("${Symbol.keyFor(EXPORTS_HOOK)}")]?.(import.meta.url, {`,
    ...[...reExports.map(({ binding }) => binding), ...bindings].map((binding) => `${binding},`),
    "});\n",
  ].join(" ");
}

const DEFAULT_VARIABLE = "telltale$default";

/**
 * Writes the binding of one export; undefined for a re-export, which has no
 * variable in this module.
 */
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
  // `export default Koa;` has copied the value: an assignment to the variable does not change it.
  const value = isUnnamedDefault(one) ? identifierIn(lineAt(source, one.e)) : undefined;
  return value === undefined ? undefined : `${name}: { get: () => ${value} }`;
}

/** Returns `Koa` for ` Koa;`. */
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
  /** Imports the other module again. */
  readonly statement: string;
  readonly binding: string;
}

/**
 * Finds the names of `export { a as b } from "./other.js"` and similar statements,
 * which can be read.
 */
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

/** Quotes a name, unless it is a string literal already. */
function quoted(name: string): string {
  return /^["']/.test(name) ? name : JSON.stringify(name);
}

function isUnnamedDefault({ n, ln }: ExportSpecifier): boolean {
  return n === "default" && ln === undefined;
}

/**
 * Turns a constant into a variable with the same number of characters, so that
 * columns stay the same.
 */
function makeAssignable(source: string, one: ExportSpecifier): string {
  if (isUnnamedDefault(one)) {
    const start = source.lastIndexOf("export", one.s);
    return `${source.slice(0, start)}let ${DEFAULT_VARIABLE} =${source.slice(one.e)}`;
  }
  const name = (one.ln ?? one.n).replaceAll("$", "\\$");
  const declaration = new RegExp(`(^|[;{}\\n][^\\S\\n]*|export\\s+)const(?=\\s+${name}\\s*=)`);
  return source.replace(declaration, "$1let  ");
}
