import { isBuiltin } from "node:module";
import type { ImportKind, Plugin } from "esbuild";

/**
 * Loads Node's modules by `process.getBuiltinModule` instead of by `import`.
 * An `import` of `node:http` reads every getter of it for the module's
 * namespace, and one of them (`WebSocket`) loads all of undici: 15 to 25 ms,
 * measured on 22.15, 24 and 26.
 *
 * As with `import`, a named binding keeps the value it had when it was loaded.
 * Files of `dist/` do not share these modules: each reads only what it uses.
 */
export function builtinsPlugin(): Plugin {
  return {
    name: "builtins",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^(node:)?[a-z0-9_]+(\/[a-z_]+)?$/ }, ({ path, kind }) => {
        const namespace = NAMESPACES[kind];
        if (namespace === undefined || !isBuiltin(path)) return undefined;
        const id = path.startsWith("node:") ? path : `node:${path}`;
        return { path: id, namespace, sideEffects: false };
      });
      // CommonJS of packages: a file of ES modules has no `require`.
      onLoad({ filter: /.*/, namespace: "required-builtin" }, ({ path }) => ({
        contents: `module.exports = process.getBuiltinModule("${path}");`,
      }));
      onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
        contents: moduleOf(path),
      }));
    },
  };
}

/** The namespace of a module by how it is loaded; others are left to esbuild. */
const NAMESPACES: Partial<Record<ImportKind, string>> = {
  "import-statement": "builtin",
  "require-call": "required-builtin",
};

/** Marks the calls as pure, so that esbuild drops unused ones. */
function moduleOf(id: string): string {
  const names = Object.keys(process.getBuiltinModule(id) ?? {}).filter(
    (name) => name !== "default",
  );
  const members = names.map(
    (name, i) => `const n${i} = /* @__PURE__ */ take("${name}"); export { n${i} as "${name}" };`,
  );
  return [
    `const all = /* @__PURE__ */ process.getBuiltinModule("${id}");`,
    "const take = (name) => all[name];",
    "export default all;",
    ...members,
  ].join("\n");
}
