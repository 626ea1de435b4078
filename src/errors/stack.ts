import { dirname, join, parse } from "node:path";
import { fileURLToPath } from "node:url";
import { createStackParser, type StackFrame, type StackParser } from "@sentry/core";
import { nodeStackLineParser } from "@sentry/core/server";
import { findPackage } from "../resource/package.ts";

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
export function moduleNameOf(filename: string | undefined): string | undefined {
  if (filename === undefined || filename.startsWith("node:")) return undefined;
  const path = filename.replaceAll("\\", "/");
  const bundled = BUNDLER_URL.exec(path)?.[1];
  const { dir, name } = parse(bundled ?? path);
  const folder = folderFromPackage(dir) ?? (bundled === undefined ? folderFromApp(dir) : dir);
  return folder === undefined || folder === "" ? name : `${folder.replaceAll("/", ".")}:${name}`;
}

/** Source of a bundler, relative to the app: `webpack://app/./src/main.ts`. */
const BUNDLER_URL = /^[a-z][a-z\d+.-]*:\/\/[^/]*\/(?:\.\/)?(.*)$/i;

const NODE_MODULES = "/node_modules/";

function folderFromPackage(dir: string): string | undefined {
  const at = dir.lastIndexOf(NODE_MODULES);
  return at === -1 ? undefined : dir.slice(at + NODE_MODULES.length);
}

/** Sources of a compiled app are not in the folder of its main file, but in the same package. */
function folderFromApp(dir: string): string | undefined {
  return folderFrom(appFolder, dir) ?? folderFrom(packageFolder(), dir);
}

function folderFrom(root: string | undefined, dir: string): string | undefined {
  return root !== undefined && dir.startsWith(`${root}/`) ? dir.slice(root.length + 1) : undefined;
}

/** The folder of the package of the app, once it was needed. */
const appPackage: { folder?: string | undefined; isKnown: boolean } = { isKnown: false };

function packageFolder(): string | undefined {
  if (!appPackage.isKnown) {
    appPackage.isKnown = true;
    appPackage.folder = findPackage(join(appFolder, "main"), process.cwd)?.folder;
  }
  return appPackage.folder;
}
