const { Restarts } = require("./restarts.cjs");

exports.sender = require("../nats.cjs").sender;

/** A consumer whose callback handles no error. */
exports.receiver = async ({ connect }, url, queue, work) =>
  new Restarts(async (run) => {
    const connection = await connect({ servers: url });
    const callback = (_error, message) => run(() => work(JSON.parse(Buffer.from(message.data))));
    connection.subscribe(queue, { callback });
    await connection.flush();
    return () => connection.close();
  });
