const { fork } = require("node:child_process");

/* A server that starts a helper before it listens, which stays and serves nothing. */
if (process.argv[2] === "helper") {
  setInterval(() => {}, 1000);
} else {
  fork(__filename, ["helper"]);
  setTimeout(() => require("./app.cjs"), 300);
}
