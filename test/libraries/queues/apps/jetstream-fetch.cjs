const { open, sender, workOn } = require("./jetstream-parts.cjs");

exports.sender = sender;

exports.receiver = async (library, url, queue, work) => {
  const { connection, jetstream } = await open(library, url, queue);
  const consumer = await jetstream.consumers.get(queue, queue);
  const pulling = new AbortController();
  const fetching = (async () => {
    while (!pulling.signal.aborted) {
      const messages = await consumer.fetch({ max_messages: 1, expires: 1_000 });
      for await (const message of messages) await workOn(message, work);
    }
  })();
  await connection.flush();
  return {
    close: async () => {
      pulling.abort();
      await fetching;
      await connection.drain();
    },
  };
};
