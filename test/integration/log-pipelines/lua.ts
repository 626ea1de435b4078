import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A record that Fluent Bit reads, and what the JSON in its line is. */
export interface FluentBitRecord {
  /** The fields of the record, among them `log`. */
  readonly record: Readonly<Record<string, unknown>>;
  readonly line: Readonly<Record<string, unknown>>;
}

/** What the functions of lines.lua make of a record. */
export interface FluentBitResult {
  /** The record for labels and metadata of Loki. */
  readonly labelled: Readonly<Record<string, unknown>>;
  /** The time of the record, if the functions have set it. */
  readonly time: number | undefined;
  readonly document: Readonly<Record<string, unknown>>;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Calls the functions in the order of the filters. The second one is Fluent Bit's parser. */
const PROGRAM = `
dofile(arg[1])
local function json(value)
  if type(value) == "table" then
    local members = {}
    for name, member in pairs(value) do
      members[#members + 1] = json(tostring(name)) .. ":" .. json(member)
    end
    return "{" .. table.concat(members, ",") .. "}"
  end
  if type(value) ~= "string" then return tostring(value) end
  return '"' .. value:gsub('[%c"\\\\]', function(c) return string.format("\\\\u%04x", c:byte()) end) .. '"'
end
for _, case in ipairs(dofile(arg[2])) do
  local _, _, record = telltale_source("tag", 1, case.record)
  for name, value in pairs(case.line) do record[name] = value end
  local code, time, labelled = telltale_line("tag", 1, record)
  local _, _, document = telltale_document("tag", 1, labelled)
  local _, _, fields = telltale_fields("tag", 1, labelled)
  print(json({ labelled = labelled, document = document, fields = fields, time = code == 1 and time or nil }))
end
`;

/**
 * Runs the functions of `lines.lua` with LuaJIT, which Fluent Bit has built in.
 *
 * @param lua path of lines.lua
 * @param write writes a file, and returns its path
 */
export async function runLua(
  luajit: string,
  lua: string,
  records: readonly FluentBitRecord[],
  write: (name: string, text: string) => string,
): Promise<readonly FluentBitResult[]> {
  const program = write("program.lua", PROGRAM);
  const cases = write("cases.lua", `return ${luaOf(records)}`);
  const { stdout } = await run(luajit, [program, lua, cases], { maxBuffer: 1e8 });
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as FluentBitResult);
}

/** Renders a value of JSON in Lua. Fluent Bit leaves null out, and so does this. */
function luaOf(value: unknown): string {
  if (Array.isArray(value)) return `{${value.map(luaOf).join(", ")}}`;
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([name, member]) => `[${luaText(name)}] = ${luaOf(member)}`)
      .join(", ")}}`;
  }
  return typeof value === "string" ? luaText(value) : String(value);
}

function luaText(text: string): string {
  const bytes = [...Buffer.from(text)].map((byte) => `\\${String(byte).padStart(3, "0")}`);
  return `"${bytes.join("")}"`;
}
