const { createRequire } = require("node:module");
const { existsSync } = require("node:fs");
const { pathToFileURL } = require("node:url");
const describe = require("./describe.cjs");

const [group, names, files] = process.argv.slice(2).map((arg) => JSON.parse(arg));
const require_ = createRequire(`${group}/app.cjs`);

/** The modules of a library that an app gets, and the files that are patched. */
async function load() {
  const modules = {};
  for (const name of names) {
    modules[`require ${name}`] = attempt(() => require_(name));
    modules[`import ${name}`] = await importFrom(name).catch(() => undefined);
  }
  // What these make is patched itself.
  for (const name of ["createPool", "createConnection", "createPoolCluster"]) {
    const make = modules[`require ${names[0]}`]?.[name];
    if (names[0] === "mysql") modules[name] = attempt(() => make({ host: "127.0.0.1" }));
  }
  for (const file of files.filter((one) => existsSync(one))) {
    const name = file.split("node_modules/").at(-1);
    if (!/\.mjs$|\/esm\//.test(file)) modules[name] = attempt(() => require_(file));
    modules[`import ${name}`] = await import(pathToFileURL(file)).catch(() => undefined);
  }
  return modules;
}

/** As an ES module in that folder. */
function importFrom(name) {
  const [load = name] = name.startsWith("node:") ? [name] : [resolved(name)];
  return import(load);
}

function resolved(name) {
  return pathToFileURL(require_.resolve(name, { conditions: new Set(["node", "import"]) })).href;
}

function attempt(work) {
  try {
    return work();
  } catch {
    return undefined;
  }
}

load().then((modules) => {
  process.stdout.write(JSON.stringify(describe(modules)), () => process.exit());
});
