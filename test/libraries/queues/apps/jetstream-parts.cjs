/**
 * A connection with JetStream and a stream of the queue's name. In version 3 of
 * the library JetStream is a package of its own, and connections are another's.
 */
exports.open = async (library, url, queue) => {
  const { connect = require("@nats-io/transport-node").connect } = library;
  const connection = await connect({ servers: url });
  const of = (name) => library[name]?.(connection) ?? connection[name]();
  const manager = await of("jetstreamManager");
  await manager.streams.add({ name: queue, subjects: [queue] });
  await manager.consumers.add(queue, { durable_name: queue, ack_policy: "explicit" });
  return { connection, jetstream: await of("jetstream"), manager };
};

exports.sender = async (library, url, queue) => {
  const { connection, jetstream } = await exports.open(library, url, queue);
  return {
    send: async (order) => {
      await jetstream.publish(queue, Buffer.from(JSON.stringify(order)));
    },
    close: () => connection.drain(),
  };
};

/** Captures the error and requests redelivery, as an app would. */
exports.workOn = async (message, work) => {
  const order = JSON.parse(Buffer.from(message.data));
  try {
    await work(order, message.subject);
    message.ack();
  } catch (error) {
    globalThis.report?.(error);
    message.nak();
  }
};
