import { dirname, parse } from "node:path";
import { fileURLToPath } from "node:url";
import { createStackParser, type StackFrame, type StackParser } from "@sentry/core";
import { nodeStackLineParser } from "@sentry/core/server";

const thisFile = fileURLToPath(import.meta.url);
const inSource = thisFile.endsWith(".ts");

/** telltale's own folder: `dist`, which is flat, or `src` in the source tree. */
const ownFolder = inSource ? `${dirname(dirname(thisFile))}/` : dirname(thisFile);

/** The folder of the app's main file, to which names of modules are relative. */
const appFolder = process.argv[1] === undefined ? process.cwd() : dirname(process.argv[1]);

const parseFrames = createStackParser(nodeStackLineParser(moduleNameOf));

/**
 * Parses a V8 stack. Frames of telltale are not marked as the app's, and are removed
 * at the top of a stack, where the stack of a message starts.
 */
export const stackParser: StackParser = (stack, skipFirstLines, framesToPop) => {
  const text = stackText(stack);
  if (text === undefined) return [];
  const frames = parseFrames(text, skipFirstLines, framesToPop);
  for (const frame of frames) {
    if (isOwnFrame(frame)) frame.in_app = false;
  }
  let end = frames.length;
  while (end > 1 && isOwnFrame(frames[end - 1])) end--;
  return frames.slice(0, end);
};

/** Maximum number of frames that Sentry shows. */
const MAX_CALL_SITES = 50;

/**
 * Returns the stack as text. An app's `Error.prepareStackTrace` may return anything,
 * most often V8's call sites, whose texts are the lines that V8 itself writes.
 */
function stackText(stack: unknown): string | undefined {
  if (typeof stack === "string") return stack;
  try {
    if (!Array.isArray(stack)) return undefined;
    const sites = stack.slice(0, MAX_CALL_SITES).map((site) => `    at ${String(site)}`);
    return ["Error", ...sites].join("\n");
  } catch {
    return undefined;
  }
}

function isOwnFrame(frame: StackFrame | undefined): boolean {
  const file = frame?.filename;
  return (
    file !== undefined && (inSource ? file.startsWith(ownFolder) : dirname(file) === ownFolder)
  );
}

/**
 * Returns a name of a file that does not depend on where the app is installed, such as
 * `pkg.lib:file` or `routes:orders`. Sentry groups events by it.
 */
function moduleNameOf(filename: string | undefined): string | undefined {
  if (filename === undefined || filename.startsWith("node:")) return undefined;
  const { dir, name } = parse(filename.replaceAll("\\", "/"));
  const folder = folderFromPackage(dir) ?? folderFromApp(dir);
  return folder === undefined || folder === "" ? name : `${folder.replaceAll("/", ".")}:${name}`;
}

const NODE_MODULES = "/node_modules/";

function folderFromPackage(dir: string): string | undefined {
  const at = dir.lastIndexOf(NODE_MODULES);
  return at === -1 ? undefined : dir.slice(at + NODE_MODULES.length);
}

function folderFromApp(dir: string): string | undefined {
  return dir.startsWith(`${appFolder}/`) ? dir.slice(appFolder.length + 1) : undefined;
}
