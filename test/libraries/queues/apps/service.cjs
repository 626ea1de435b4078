const [role, installed, program] = process.argv.slice(2);
const { service } = require("./service-parts.cjs");

const library = require(installed);
if (program === "amqplib-callbacks") {
  library.callbacks = require(`${installed}/callback_api`);
}
void service(role, library, program);
