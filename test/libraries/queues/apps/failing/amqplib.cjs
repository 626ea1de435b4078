exports.sender = require("../amqplib.cjs").sender;

/** A consumer that handles no error, except for messages that it rejects. It starts again when its connection breaks. */
exports.receiver = async ({ connect }, url, queue, work) => {
  let isClosing = false;
  let connection;
  const open = async () => {
    connection = await connect(url);
    connection.on("error", () => {});
    connection.on("close", () => isClosing || open());
    const channel = await connection.createChannel();
    await channel.assertQueue(queue);
    await channel.prefetch(1);
    await channel.consume(queue, (message) => onMessage(channel, message, work));
  };
  await open();
  return {
    close: () => {
      isClosing = true;
      return connection.close();
    },
  };
};

function onMessage(channel, message, work) {
  const order = JSON.parse(message.content);
  if (order.place === "rejected")
    return work(order).catch(() => channel.nack(message, false, false));
  channel.ack(message);
  return work(order);
}
