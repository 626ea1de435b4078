const { open, sender, workOn } = require("./jetstream-parts.cjs");

exports.sender = sender;

exports.receiver = async (library, url, queue, work) => {
  const { connection, jetstream } = await open(library, url, queue);
  const consumer = await jetstream.consumers.get(queue, queue);
  const messages = await consumer.consume({ callback: (message) => workOn(message, work) });
  await connection.flush();
  return {
    close: async () => {
      await messages.close();
      await connection.drain();
    },
  };
};
