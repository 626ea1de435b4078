import { type ExportSpecifier, parse } from "es-module-lexer/minimal";
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
  const [, exports] = parse(source);
  const edits = exports.filter(({ n }) => replaced.includes(n));
  const edited = edits.reduceRight(assignable, source);
  const lines = exports.map((one) => accessOf(one, replaced)).filter((line) => line !== undefined);
  const receiver = `globalThis[globalThis.Symbol.for("${Symbol.keyFor(RECEIVER)}")]`;
  const more = edits.some(isNameless) ? ` export { ${NAMELESS} as default };` : "";
  return `${edited}\n;${receiver}?.(import.meta.url, { __proto__: null, ${lines.join(", ")} });${more}\n`;
}

const NAMELESS = "telltale$default";

/** What is passed on from another module has no variable here. */
function accessOf(one: ExportSpecifier, replaced: readonly string[]): string | undefined {
  const isReplaced = isNameless(one) && replaced.includes(one.n);
  const variable = isReplaced ? NAMELESS : one.ln;
  if (variable === undefined) return undefined;
  const get = `get: () => ${variable}`;
  const set = `set: (telltale$value) => { ${variable} = telltale$value; }`;
  return `${JSON.stringify(one.n)}: { ${get}, ${set} }`;
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
  const declaration = new RegExp(`(^|[;{}\\n]\\s*|export\\s+)const(?=\\s+${name}\\s*=)`);
  return source.replace(declaration, "$1let  ");
}
