/*
 * An app of this folder, on the libraries that it is given, until it is stopped.
 *
 * Arguments: the app; how it loads libraries (a `load.mjs` or a `load.cjs`);
 * its libraries' names, each with what is installed under it, as JSON; what its
 * router takes for all that is below a path.
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
