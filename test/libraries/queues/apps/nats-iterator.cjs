exports.sender = async ({ connect }, url, queue) => {
  const connection = await connect({ servers: url });
  return {
    send: async (order) => {
      const answer = await connection.request(queue, Buffer.from(JSON.stringify(order)), {
        timeout: 60_000,
      });
      return Buffer.from(answer.data).toString();
    },
    close: () => connection.drain(),
  };
};

exports.receiver = async ({ connect }, url, queue, work) => {
  const connection = await connect({ servers: url });
  const subscription = connection.subscribe(queue);
  (async () => {
    for await (const message of subscription) {
      const order = JSON.parse(Buffer.from(message.data));
      try {
        await work(order, message.subject);
      } catch (error) {
        globalThis.report?.(error);
        globalThis.print(`gave up ${order.id}`);
      }
      message.respond(Buffer.from("done"));
    }
  })();
  await connection.flush();
  return { close: () => connection.drain() };
};
