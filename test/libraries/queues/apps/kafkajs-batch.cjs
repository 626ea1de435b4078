const { consumer: consumerOf, sender } = require("./kafkajs.cjs");

exports.sender = sender;

exports.receiver = async (library, url, queue, work) => {
  const consumer = await consumerOf(library, url, queue);
  await consumer.run({
    eachBatch: async ({ batch }) => {
      for (const { value, offset } of batch.messages) await work(JSON.parse(value), offset);
    },
  });
  return { close: () => consumer.disconnect() };
};
