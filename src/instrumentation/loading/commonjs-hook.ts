import Module from "node:module";

/**
 * Selects modules by absolute path and handles them after they were loaded.
 * Neither function may throw.
 */
export interface CommonJsHookDeps {
  readonly isWanted: (path: string) => boolean;
  readonly afterLoad: (module: NodeJS.Module, path: string) => void;
}

type Load = (this: NodeJS.Module, filename: string) => void;

/**
 * Calls `afterLoad` for each wanted CommonJS module, after its evaluation and
 * before its exports are visible to other modules.
 *
 * Replaces `Module.prototype.load`, which Node calls for each file, by an
 * accessor. Files that are not wanted get Node's own function, so that their stack
 * traces contain no frame of this project. A function that other tools assign to
 * `load` is called as before.
 */
export function installCommonJsHook({ isWanted, afterLoad }: CommonJsHookDeps): void {
  const prototype = Module.prototype as unknown as { load: Load };
  let load: Load = prototype.load;
  nameLoadFunction(load);

  function loadAndPatch(this: NodeJS.Module, filename: string): void {
    let isDone = false;
    const finish = (): void => {
      isDone = true;
      afterLoad(this, filename);
    };
    onLoaded(this, finish);
    Reflect.apply(load, this, arguments);
    if (!isDone) finish();
  }

  Object.defineProperty(prototype, "load", {
    configurable: true,
    enumerable: true,
    get(this: NodeJS.Module): Load {
      return this !== Module.prototype && isWanted(this.id) ? loadAndPatch : load;
    },
    set(this: NodeJS.Module, value: Load) {
      if (this === Module.prototype) load = value;
      else Object.defineProperty(this, "load", { ...DATA_PROPERTY, value });
    },
  });
}

/**
 * Calls `finish` when Node marks the module as loaded. Up to version 22, Node
 * reads the exports for `import` right after that, so replaced exports must be in
 * place by then.
 */
function onLoaded(module: NodeJS.Module, finish: () => void): void {
  Object.defineProperty(module, "loaded", {
    configurable: true,
    enumerable: true,
    get: () => false,
    set(value: boolean) {
      Object.defineProperty(module, "loaded", { ...DATA_PROPERTY, value });
      if (value) finish();
    },
  });
}

const DATA_PROPERTY = { configurable: true, enumerable: true, writable: true };

/**
 * Names Node's anonymous function. Stack traces showed `Module.load` because of
 * the property that held the function, and an accessor has no such effect.
 */
function nameLoadFunction(load: Load): void {
  if (load.name === "") Object.defineProperty(load, "name", { value: "load", configurable: true });
}
