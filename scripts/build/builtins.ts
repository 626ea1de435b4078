import { isBuiltin } from "node:module";
import type { Plugin } from "esbuild";

/**
 * Takes Node's modules by `process.getBuiltinModule` instead of by `import`.
 * An `import` of `node:http` reads every getter of it for the module's
 * namespace, and one of them (`WebSocket`) loads all of undici: 15 to 25 ms,
 * measured on 22.15, 24 and 26.
 *
 * As with `import`, what is taken by name is what it was at that moment. Files
 * of `dist/` don't share these modules: each reads only what it uses itself.
 */
export function builtinsPlugin(): Plugin {
  return {
    name: "builtins",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^(node:)?[a-z0-9_]+(\/[a-z_]+)?$/ }, ({ path, kind }) => {
        if (kind !== "import-statement" || !isBuiltin(path)) return undefined;
        const id = path.startsWith("node:") ? path : `node:${path}`;
        return { path: id, namespace: "builtin", sideEffects: false };
      });
      onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
        contents: moduleOf(path),
      }));
    },
  };
}

/** What is not used of it is dropped, hence the marks. */
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
