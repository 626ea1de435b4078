import Module from "node:module";

/** Whose loads are watched, by absolute path, and what is then done. Neither function may throw. */
export interface CommonJsHookDeps {
  readonly isWanted: (path: string) => boolean;
  readonly afterLoad: (module: NodeJS.Module, path: string) => void;
}

type Load = (this: NodeJS.Module, filename: string) => void;

/**
 * From now on `afterLoad` is called for each CommonJS module that is wanted,
 * when it was evaluated and nobody has seen its exports yet.
 *
 * Takes the place of `Module.prototype.load`, which Node calls for each file,
 * by an accessor: files that are none of our business get Node's own function,
 * and so no stack trace of the app's has a line of ours. Whoever assigns a
 * function of his own (they do it to see loads) is called as before.
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
 * Node marks a module as loaded when it was evaluated, and then, up to 22,
 * notes its exports for those who `import` it: what takes the exports' place
 * must be there by then.
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
 * Node's function has no name: stack traces took `Module.load` from the
 * property that held it, and an accessor doesn't count there.
 */
function nameLoadFunction(load: Load): void {
  if (load.name === "") Object.defineProperty(load, "name", { value: "load", configurable: true });
}
