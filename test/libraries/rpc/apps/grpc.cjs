const { serve } = require("./grpc-stock.cjs");

const [installed] = process.argv.slice(2);
serve(require(installed), installed === "grpc-js10");
