const { open, sender } = require("../jetstream-parts.cjs");
const { Restarts } = require("./restarts.cjs");

exports.sender = sender;

/** A consumer whose callback handles no error, except for messages that it rejects. */
exports.receiver = async (library, url, queue, work) => {
  const { connection, jetstream } = await open(library, url, queue);
  const consumer = await jetstream.consumers.get(queue, queue);
  const consuming = new Restarts(async (run) => {
    const callback = (message) => run(() => onMessage(message, work));
    const messages = await consumer.consume({ callback });
    // The server has then ended the subscription before, to which it would deliver the next message.
    await connection.flush();
    return () => messages.close();
  });
  return {
    isReady: () => consuming.isReady(),
    close: async () => {
      await consuming.close();
      await connection.drain();
    },
  };
};

function onMessage(message, work) {
  const order = JSON.parse(Buffer.from(message.data));
  if (order.place === "rejected") return work(order).catch(() => message.term());
  message.ack();
  return work(order);
}
