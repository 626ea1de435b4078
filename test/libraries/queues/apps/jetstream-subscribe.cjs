const { open, sender, workOn } = require("./jetstream-parts.cjs");

exports.sender = sender;

/** The only API of versions before 2.14. */
exports.receiver = async (library, url, queue, work) => {
  const { connection, jetstream } = await open(library, url, queue);
  const options = library.consumerOpts();
  options.bind(queue, queue);
  options.manualAck();
  const subscription = await jetstream.pullSubscribe(queue, options);
  const pulling = setInterval(() => subscription.pull({ batch: 1, expires: 500 }), 50);
  (async () => {
    for await (const message of subscription) await workOn(message, work);
  })();
  await connection.flush();
  return {
    close: async () => {
      clearInterval(pulling);
      await connection.drain();
    },
  };
};
