import { type ExportSpecifier, type ImportSpecifier, parse } from "es-module-lexer/minimal";
import { RECEIVER } from "./es-exports.ts";

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
export function withAccess(source: string, replaced: readonly string[]): string {
  const [imports, exports] = parse(source);
  const edits = exports.filter(({ n }) => replaced.includes(n));
  const edited = edits.reduceRight(assignable, source);
  const passed = imports.flatMap((one) => passedOn(source.slice(one.ss, one.se), one));
  const accesses = exports.flatMap((one) => accessOf(one, edits.includes(one), source) ?? []);
  return [
    `${edited}\n;`,
    ...passed.map(({ statement }) => statement),
    edits.some(isNameless) ? `export { ${NAMELESS} as default };` : "",
    `globalThis[globalThis.Symbol.for("${Symbol.keyFor(RECEIVER)}")]?.(import.meta.url, {`,
    ...[...passed.map(({ access }) => access), ...accesses].map((access) => `${access},`),
    "});\n",
  ].join(" ");
}

const NAMELESS = "telltale$default";

/** What is passed on from another module has no variable here. */
function accessOf(one: ExportSpecifier, isEdited: boolean, source: string): string | undefined {
  const name = JSON.stringify(one.n);
  const variable = isNameless(one) && isEdited ? NAMELESS : one.ln;
  if (variable !== undefined) {
    const set = `set: (telltale$value) => { ${variable} = telltale$value; }`;
    return `${name}: { get: () => ${variable}, ${set} }`;
  }
  // `export default Koa;` took the value: another one in the variable changes nothing.
  const value = isNameless(one) ? soleName(lineAt(source, one.e)) : undefined;
  return value === undefined ? undefined : `${name}: { get: () => ${value} }`;
}

/** `Koa` of ` Koa;`. */
function soleName(line: string): string | undefined {
  if (!/^\s/.test(line)) return undefined;
  const name = line.trim().replace(/;$/, "").trimEnd();
  return /^[\w$]+$/.test(name) ? name : undefined;
}

function lineAt(source: string, from: number): string {
  const end = source.indexOf("\n", from);
  return source.slice(from, end === -1 ? undefined : end);
}

interface PassedOn {
  /** Imports the other module once more. */
  readonly statement: string;
  readonly access: string;
}

/** `export { a as b } from "./other.js"` and its like: what it gives can be read. */
function passedOn(statement: string, one: ImportSpecifier): PassedOn[] {
  const [, clause] = /^export\s*(\*(?:\s*as\s+[^\s"']+)?|\{[^}]*\})\s*from/.exec(statement) ?? [];
  if (clause === undefined || one.n === undefined || one.a !== -1) return [];
  const from = `telltale$${one.ss}`;
  const access = clause.startsWith("{") ? namesOf(clause, from) : starOf(clause, from);
  return [{ statement: `\nimport * as ${from} from ${JSON.stringify(one.n)};`, access }];
}

function namesOf(clause: string, from: string): string {
  const parts = clause
    .slice(1, -1)
    .replace(/\/\*[^]*?(?:\*\/|$)|\/\/.*/g, "")
    .split(",");
  const accesses = parts.flatMap((part) => {
    const [, local, name = local] = /^\s*(\S+?)(?:\s+as\s+(\S+))?\s*$/.exec(part) ?? [];
    if (local === undefined || name === undefined) return [];
    return `${quoted(name)}: { get: () => ${from}[${quoted(local)}] }`;
  });
  return accesses.join(", ");
}

function starOf(clause: string, from: string): string {
  const [, name] = /as\s+(\S+)/.exec(clause) ?? [];
  if (name !== undefined) return `${quoted(name)}: { get: () => ${from} }`;
  return `...globalThis.Object.fromEntries(globalThis.Object.keys(${from}).filter((name) => name !== "default").map((name) => [name, { get: () => ${from}[name] }]))`;
}

/** A name, or one that is a string already. */
function quoted(name: string): string {
  return /^["']/.test(name) ? name : JSON.stringify(name);
}

function isNameless({ n, ln }: ExportSpecifier): boolean {
  return n === "default" && ln === undefined;
}

/** A constant becomes a variable, in as many characters: columns stay. */
function assignable(source: string, one: ExportSpecifier): string {
  if (isNameless(one)) {
    const start = source.lastIndexOf("export", one.s);
    return `${source.slice(0, start)}let ${NAMELESS} =${source.slice(one.e)}`;
  }
  const name = (one.ln ?? one.n).replaceAll("$", "\\$");
  const declaration = new RegExp(`(^|[;{}\\n][^\\S\\n]*|export\\s+)const(?=\\s+${name}\\s*=)`);
  return source.replace(declaration, "$1let  ");
}
