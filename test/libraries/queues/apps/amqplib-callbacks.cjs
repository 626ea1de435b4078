const { promisify } = require("node:util");

// The callback API is another file of the library; the passed module is the promise API.
const open = (library, url) => promisify(library.callbacks.connect)(url);

exports.sender = async (library, url, queue) => {
  const connection = await open(library, url);
  const channel = await promisify(connection.createChannel.bind(connection))();
  await promisify(channel.assertQueue.bind(channel))(queue, {});
  return {
    send: async (order) => {
      const options = { messageId: order.id };
      channel.publish("", queue, Buffer.from(JSON.stringify(order)), options);
      return options;
    },
    close: () => promisify(connection.close.bind(connection))(),
  };
};

exports.receiver = async (library, url, queue, work) => {
  const connection = await open(library, url);
  const channel = await promisify(connection.createChannel.bind(connection))();
  await promisify(channel.assertQueue.bind(channel))(queue, {});
  const onMessage = (message) => {
    work(JSON.parse(message.content), message.fields.redelivered).then(
      () => channel.ack(message),
      (error) => {
        globalThis.report?.(error);
        channel.nack(message, false, !message.fields.redelivered);
      },
    );
  };
  await promisify(channel.consume.bind(channel))(queue, onMessage, {});
  return { close: () => promisify(connection.close.bind(connection))() };
};
