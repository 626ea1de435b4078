const serve = require("./service.cjs");

const { LIBRARY: installed, PROGRAM, URL: url } = process.env;
const program = require(`./${PROGRAM}.cjs`);

program({ installed, url, load: async (name) => require(name) }).then(serve);
