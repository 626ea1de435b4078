/* An app that serves nothing: a consumer of a queue, say. */
console.log(`app ${process.pid}`);
setInterval(() => {}, 1000);
