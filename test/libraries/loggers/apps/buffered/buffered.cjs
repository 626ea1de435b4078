"use strict";
const { loadBuffered } = require("./buffered-service.cjs");

const [name, pino] = process.argv.slice(2);
loadBuffered({
  name,
  telltale: require("../../../../../dist/index.cjs"),
  winston: require("winston"),
  pino: require(pino),
  createLogger: require("../../../../../dist/logger.js").createLogger,
});
