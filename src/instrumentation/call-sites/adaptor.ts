import type { Context } from "@opentelemetry/api";
import { runWithContext } from "../../context/manager.ts";
import type { CallRecorder } from "../../development/call-recorder.ts";
import { isThenable } from "../../thenable.ts";
import type { Adaptor } from "../loading/adaptor.ts";
import { MAIN } from "../loading/library-row.ts";
import { bindToCaller } from "../loading/caller-context.ts";
import { replaceMethod } from "../loading/replace-method.ts";
import { entries, type Entry } from "./entries.ts";

/** Runs the methods that an app calls in a context that has the place of the call. */
export const adaptor: Adaptor = {
  patch(exports, file, { viewerCalls: recorder }) {
    if (recorder === undefined) return exports;
    for (const entry of entries) {
      const isFile = entry.files.includes(file.file) || (file.isMain && entry.files.includes(MAIN));
      if (entry.package !== file.package || !isFile) continue;
      for (const target of targetsOf(exports, entry)) patchMethods(target, entry, recorder);
    }
    return exports;
  },
};

/** Returns the objects that have the methods of an entry. */
function targetsOf(exports: unknown, { classes, isStatic }: Entry): object[] {
  const found =
    classes === ""
      ? [exports]
      : Object.entries(exports as object).flatMap(([name, value]) =>
          name.endsWith(classes) ? [value as unknown] : [],
        );
  return found.flatMap((value) => {
    if (typeof value !== "function") return [];
    return [isStatic === true ? value : (value.prototype as object)];
  });
}

const patched = new WeakMap<object, Set<string>>();

function patchMethods(
  target: object,
  { methods, runsQuery, hasCallback }: Entry,
  recorder: CallRecorder,
): void {
  for (const name of methods) {
    const owner = ownerOf(target, name);
    if (owner === undefined || isPatched(owner, name)) continue;
    replaceMethod<object, unknown[]>(
      owner,
      name,
      (original) =>
        function call(...args) {
          const context =
            runsQuery === true ? recorder.contextOfQuery(this) : recorder.contextOfCaller();
          // A callback of the app runs in its own context, in which it calls from elsewhere.
          const last = args.length - 1;
          if (hasCallback === true) args[last] = bindToCaller(args[last]);
          const result = runWithContext(context, () => Reflect.apply(original, this, args));
          if (runsQuery !== true) noteQuery(recorder, result, context);
          return result;
        },
    );
  }
}

/** The result may be a query that makes its call when it is awaited, or a part of one. */
function noteQuery(recorder: CallRecorder, result: unknown, context: Context): void {
  if (result instanceof Promise || !isThenable(result)) return;
  recorder.queryCreated(result, context);
}

/** Returns the object that has a method, which another class of the library may inherit. */
function ownerOf(target: object, name: string): object | undefined {
  for (
    let owner: object | null = target;
    owner !== null && owner !== Object.prototype && owner !== Function.prototype;
    owner = Object.getPrototypeOf(owner) as object | null
  ) {
    const value: unknown = Object.getOwnPropertyDescriptor(owner, name)?.value;
    if (typeof value === "function") return owner;
  }
  return undefined;
}

function isPatched(owner: object, name: string): boolean {
  const names = patched.get(owner) ?? new Set();
  patched.set(owner, names);
  if (names.has(name)) return true;
  names.add(name);
  return false;
}
