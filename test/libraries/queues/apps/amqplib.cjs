exports.sender = async ({ connect }, url, queue) => {
  const connection = await connect(url);
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(queue);
  return {
    send: async (order) => {
      const options = { messageId: order.id, headers: { shop: "1" } };
      channel.sendToQueue(queue, Buffer.from(JSON.stringify(order)), options);
      await channel.waitForConfirms();
      return options;
    },
    close: () => connection.close(),
  };
};

exports.receiver = async ({ connect }, url, queue, work) => {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  await channel.assertQueue(queue);
  await channel.prefetch(1);
  await channel.consume(queue, async (message) => {
    const order = JSON.parse(message.content);
    try {
      await work(order, message.fields.redelivered);
      channel.ack(message);
    } catch (error) {
      globalThis.report?.(error);
      channel.nack(message, false, !message.fields.redelivered);
    }
  });
  return { close: () => connection.close() };
};
