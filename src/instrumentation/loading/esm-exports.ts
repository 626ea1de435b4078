import { onRollback } from "./rollback.ts";

/** Key on the global object under which a transformed ES module finds the hook. */
export const EXPORTS_HOOK: unique symbol = Symbol.for("telltale.es-module") as never;

/** The variable behind an export. */
export interface ExportBinding {
  readonly get: () => unknown;
  /** Throws where the variable is a constant. Undefined for a re-export. */
  readonly set?: (value: unknown) => void;
}

/** Bindings of a file by exported name. */
export type ExportBindings = Readonly<Record<string, ExportBinding>>;

/** @param url `import.meta.url` of the module, which has just been evaluated */
export type ExportsHook = (url: string, bindings: ExportBindings) => void;

/**
 * Wraps the exports of an ES module in an object that an adaptor can patch like
 * CommonJS exports: every importer sees the values that it assigns or defines.
 * Re-exports are read-only.
 */
export function patchableExports(bindings: ExportBindings): object {
  const target: object = Object.create(null, {
    [Symbol.toStringTag]: { value: "Module" },
  }) as object;
  for (const [name, { get, set }] of Object.entries(bindings)) {
    const assign = (value: unknown): void => {
      if (set === undefined) throw new TypeError(`${name} is re-exported from another module`);
      const before = get();
      set(value);
      onRollback(() => set(before));
    };
    Object.defineProperty(target, name, { enumerable: true, configurable: true, get, set: assign });
  }
  return new Proxy(target, { defineProperty });
}

/** Assigns instead of defining, because patching code (shimmer too) often defines properties. */
function defineProperty(
  target: object,
  name: PropertyKey,
  descriptor: PropertyDescriptor,
): boolean {
  const isExport = Object.getOwnPropertyDescriptor(target, name)?.set !== undefined;
  if (!isExport) return Reflect.defineProperty(target, name, descriptor);
  return "value" in descriptor && Reflect.set(target, name, descriptor.value);
}
