const { ways } = require("./process-ways.mjs");

const [place, value] = process.argv.slice(2);
ways[place](value, __filename);
