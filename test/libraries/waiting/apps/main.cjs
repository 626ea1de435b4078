const { createRequire } = require("node:module");
const serve = require("./service.cjs");

const { GROUP, LIBRARY: installed, PROGRAM, URL: url } = process.env;

/** Loads libraries as an app in that group's folder does. */
const load = GROUP === "" ? require : createRequire(`${GROUP}/app.cjs`);

Promise.resolve(require(`./${PROGRAM}.cjs`)({ installed, url, load })).then(serve);
