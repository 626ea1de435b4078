import { spawn } from "node:child_process";
import { readFile, realpath, stat } from "node:fs/promises";
import { basename, isAbsolute, join, sep } from "node:path";
import { RequestError } from "./request-error.ts";

/** A place that an editor opens. */
export interface EditorPlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Arguments of an editor for a place. */
type PlaceArguments = (place: EditorPlace) => readonly string[];

const withColons: PlaceArguments = ({ file, line, column }) => [`${file}:${line}:${column}`];
const withGoto: PlaceArguments = (place) => ["--goto", ...withColons(place)];
const withLineOption: PlaceArguments = ({ file, line, column }) => [
  ...["--line", String(line), "--column", String(column)],
  file,
];
const withPlus: PlaceArguments = ({ file, line }) => [`+${line}`, file];

/** Programs with a window of their own, by their file name: those of `launch-editor`. */
const editors: Readonly<Record<string, PlaceArguments>> = {
  code: withGoto,
  "code-insiders": withGoto,
  codium: withGoto,
  vscodium: withGoto,
  cursor: withGoto,
  windsurf: withGoto,
  zed: withColons,
  subl: withColons,
  sublime_text: withColons,
  atom: withColons,
  idea: withLineOption,
  webstorm: withLineOption,
  phpstorm: withLineOption,
  pycharm: withLineOption,
  rider: withLineOption,
  emacsclient: ({ file, line, column }) => ["--no-wait", `+${line}:${column}`, file],
  gvim: withPlus,
  mvim: withPlus,
  gedit: withPlus,
  kate: ({ file, line, column }) => ["--line", String(line), "--column", String(column), file],
  notepad: ({ file }) => [file],
};

/** Text editors of a terminal, which the viewer has none for. */
const TERMINAL_EDITORS: ReadonlySet<string> = new Set([
  ...["vi", "vim", "nvim", "nano", "emacs", "ed", "pico", "micro", "hx", "joe", "sensible-editor"],
]);

/** An editor that is open, by the name of its process. */
const runningEditors: readonly (readonly [process: RegExp, command: string])[] = [
  [/\/cursor(\/|$)/i, "cursor"],
  [/\/windsurf(\/|$)/i, "windsurf"],
  [/\/code-insiders(\/|$)/, "code-insiders"],
  [/\/(codium|vscodium)(\/|$)/, "codium"],
  [/\/(code|Code)(\/|$)/, "code"],
  [/\/(zed|zed-editor)(\/|$)/, "zed"],
  [/\/(sublime_text|subl)$/, "subl"],
  [/\/webstorm(64)?(\/|$)/, "webstorm"],
  [/\/idea(64)?(\/|$)/, "idea"],
];

const VARIABLES = ["TELLTALE_EDITOR", "LAUNCH_EDITOR", "VISUAL", "EDITOR"] as const;

/** A command as an argument list. */
interface EditorCommand {
  readonly program: string;
  readonly args: readonly string[];
}

/** Opens files of the project in the editor of the developer, without a shell. */
export class Editor {
  readonly #project: string;
  readonly #command: Promise<EditorCommand | undefined>;

  /**
   * @param project absolute path of the project, without symbolic links.
   * @param variables of the environment.
   */
  constructor(project: string, variables: Readonly<Record<string, string | undefined>>) {
    this.#project = project;
    this.#command = findCommand(variables);
  }

  /** Returns the name of the editor; undefined if none is known. */
  async name(): Promise<string | undefined> {
    const command = await this.#command;
    return command && basename(command.program);
  }

  /**
   * Opens a file at a place.
   *
   * @throws RequestError if the file is not one of the project, or if no editor is known.
   */
  async open({ file, line, column }: EditorPlace): Promise<void> {
    const path = await this.#fileInProject(file);
    const command = await this.#command;
    if (command === undefined) {
      throw new RequestError(
        501,
        `No editor is known: start telltale dev with ${VARIABLES[0]}, for example ${VARIABLES[0]}=code.`,
      );
    }
    const { program, args } = command;
    const toArguments = editors[basename(program).replace(/\.(exe|cmd|bat)$/i, "")] ?? withColons;
    const all = [...args, ...toArguments({ file: path, line, column })];
    await start(program, all);
  }

  /** Follows symbolic links, which may lead out of the project. */
  async #fileInProject(file: string): Promise<string> {
    const refused = new RequestError(403, "Only files of the project are opened.");
    if (!isAbsolute(file) || file.includes("\0")) throw refused;
    const path = await realpath(file).catch(() => undefined);
    if (path === undefined || !path.startsWith(this.#project + sep)) throw refused;
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() !== true) throw refused;
    return path;
  }
}

async function findCommand(
  variables: Readonly<Record<string, string | undefined>>,
): Promise<EditorCommand | undefined> {
  for (const variable of VARIABLES) {
    const command = parseCommand(variables[variable] ?? "");
    if (command !== undefined && !TERMINAL_EDITORS.has(basename(command.program))) return command;
  }
  const paths = await runningPrograms();
  const found = runningEditors.find(([pattern]) => paths.some((path) => pattern.test(path)));
  return found && { program: found[1], args: [] };
}

/** Splits a command at spaces outside of quotes: `"/opt/my editor/code" --wait`. */
function parseCommand(text: string): EditorCommand | undefined {
  const words = text.match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? [];
  const [program, ...args] = words.map((word) => word.replace(/^(["'])(.*)\1$/, "$2"));
  return program === undefined || program === "" ? undefined : { program, args };
}

/** Returns the paths of the programs that run; none where there is no `/proc`. */
async function runningPrograms(): Promise<readonly string[]> {
  const { readdir } = await import("node:fs/promises");
  const entries = await readdir("/proc").catch(() => []);
  const ids = entries.filter((entry) => /^\d+$/.test(entry));
  const commands = ids.map((id) =>
    readFile(join("/proc", id, "cmdline"), "utf8").then(
      (line) => line.split("\0", 1)[0] ?? "",
      () => "",
    ),
  );
  return Promise.all(commands);
}

/** Starts a program that runs on by itself; resolves once it has started. */
function start(program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: "ignore", detached: true, shell: false });
    child.once("spawn", () => {
      child.unref();
      resolve();
    });
    child.once("error", ({ message }) =>
      reject(new RequestError(502, `The editor could not be started: ${message}`)),
    );
  });
}
