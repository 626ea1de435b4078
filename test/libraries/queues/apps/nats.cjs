exports.sender = async ({ connect }, url, queue) => {
  const connection = await connect({ servers: url });
  return {
    send: async (order) => {
      connection.publish(queue, Buffer.from(JSON.stringify(order)));
      await connection.flush();
    },
    close: () => connection.drain(),
  };
};

exports.receiver = async ({ connect }, url, queue, work) => {
  const connection = await connect({ servers: url });
  connection.subscribe(queue, {
    queue: "warehouse",
    callback: (_error, message) => work(JSON.parse(Buffer.from(message.data)), message.subject),
  });
  await connection.flush();
  return { close: () => connection.drain() };
};
