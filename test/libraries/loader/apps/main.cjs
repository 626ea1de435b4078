const [scenario, library, ...rest] = process.argv.slice(2);
const loaded = require(library);
void import("../scenarios/play.mjs").then(({ play }) => play(scenario, loaded, rest));
