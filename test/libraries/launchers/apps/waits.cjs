/* An app without a server, such as a consumer of a queue. */
console.log(`app ${process.pid}`);
setInterval(() => {}, 1000);
