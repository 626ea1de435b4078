const { run } = require("./pino-lines.cjs");

void run(require(process.argv[2]));
