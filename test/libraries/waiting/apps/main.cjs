const { createRequire } = require("node:module");
const serve = require("./service.cjs");

const { GROUP, LIBRARY: installed, PROGRAM, URL: url } = process.env;

/** As an app beside the libraries of that group does. */
const load = GROUP === "" ? require : createRequire(`${GROUP}/app.cjs`);

Promise.resolve(require(`./${PROGRAM}.cjs`)({ installed, url, load })).then(serve);
