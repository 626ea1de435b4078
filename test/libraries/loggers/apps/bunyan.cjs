const { run } = require("./bunyan-lines.cjs");

void run(require(process.argv[2]));
