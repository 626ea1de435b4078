const cluster = require("node:cluster");

if (cluster.isPrimary) {
  console.log(`app ${process.pid}`);
  cluster.fork();
} else {
  require("node:http").createServer().listen(0, "127.0.0.1");
}
