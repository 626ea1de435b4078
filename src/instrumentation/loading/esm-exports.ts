import { onRollback } from "./rollback.ts";

/** By which name on the global object a changed ES module finds us. */
export const EXPORTS_HOOK: unique symbol = Symbol.for("telltale.es-module") as never;

/** The variable behind an export. */
export interface ExportBinding {
  readonly get: () => unknown;
  /** Throws where the variable is a constant. Undefined where it is another module's. */
  readonly set?: (value: unknown) => void;
}

/** The exports of a file by their names outside. */
export type ExportBindings = Readonly<Record<string, ExportBinding>>;

/** @param url `import.meta.url` of the module, which has just been evaluated */
export type ExportsHook = (url: string, accesses: ExportBindings) => void;

/**
 * The exports of an ES module as an object that an adaptor can patch like those
 * of a CommonJS module: what it assigns or defines, all who import it see from
 * then on. What the file passes on from another one can only be read.
 */
export function patchableExports(bindings: ExportBindings): object {
  const target: object = Object.create(null, {
    [Symbol.toStringTag]: { value: "Module" },
  }) as object;
  for (const [name, { get, set }] of Object.entries(bindings)) {
    const assign = (value: unknown): void => {
      if (set === undefined) throw new TypeError(`${name} is another module's`);
      const before = get();
      set(value);
      onRollback(() => set(before));
    };
    Object.defineProperty(target, name, { enumerable: true, configurable: true, get, set: assign });
  }
  return new Proxy(target, { defineProperty });
}

/** Whoever patches (shimmer too) defines properties rather than assigning them. */
function defineProperty(
  target: object,
  name: PropertyKey,
  descriptor: PropertyDescriptor,
): boolean {
  const isExport = Object.getOwnPropertyDescriptor(target, name)?.set !== undefined;
  if (!isExport) return Reflect.defineProperty(target, name, descriptor);
  return "value" in descriptor && Reflect.set(target, name, descriptor.value);
}
