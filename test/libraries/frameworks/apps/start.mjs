/*
 * Runs an app of this folder with the given libraries until it is stopped.
 *
 * Arguments: the app; the module that loads libraries (a `load.mjs` or a
 * `load.cjs`); the libraries' names, each with the installed package, as JSON; the
 * router's wildcard.
 */
const [app, loader, names, wildcard] = process.argv.slice(2);
const { load } = await import(loader);
const libraries = { wildcard };
for (const [name, installed] of Object.entries(JSON.parse(names))) {
  libraries[name] = await load(installed);
}
const { serve } = await import(`./${app}.mjs`);
const { port } = await serve(libraries);
console.log(`port ${port}`);
