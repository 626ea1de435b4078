const { main } = require("./app.cjs");

main(require(process.argv[2]));
