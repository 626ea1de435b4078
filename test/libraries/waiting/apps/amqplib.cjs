const { promisify } = require("node:util");

module.exports = ({ load, installed, url }) => {
  const callbacks = load(`${installed}/callback_api`);
  const promises = load(installed);
  const queue = `waiting-${Math.random()}`;
  const content = Buffer.from("a");
  const options = { durable: false, autoDelete: true };
  const called = (name) => ({
    make: () =>
      new Promise((resolve, reject) => {
        callbacks.connect(url, (error, connection) => {
          if (error) return reject(error);
          connection[name]((failed, channel) => {
            if (failed) return reject(failed);
            channel.assertQueue(queue, options, () => resolve({ connection, channel }));
          });
        });
      }),
    async end(one) {
      const { connection } = await one;
      await promisify(connection.close).call(connection);
    },
  });
  const promised = (name) => ({
    async make() {
      const connection = await promises.connect(url);
      const channel = await connection[name]();
      await channel.assertQueue(queue, options);
      return { connection, channel };
    },
    end: async (one) => (await one).connection.close(),
  });
  const confirming = called("createConfirmChannel");
  const channel = called("createChannel");
  return {
    "publish(confirmed)": {
      ...confirming,
      ask: async (one, done) =>
        (await one).channel.publish("", queue, content, {}, (error) => done(error ?? undefined)),
      calls: 1,
    },
    "sendToQueue(confirmed)": {
      ...promised("createConfirmChannel"),
      ask: async (one, done) =>
        (await one).channel.sendToQueue(queue, content, {}, (error) => done(error ?? undefined)),
      calls: 1,
    },
    "waitForConfirms(callback)": {
      ...confirming,
      async ask(one, done) {
        const made = await one;
        made.channel.sendToQueue(queue, content);
        made.channel.waitForConfirms((error) => done(error ?? undefined));
      },
      calls: 1,
    },
    "checkQueue(callback)": {
      ...channel,
      ask: async (one, done) => (await one).channel.checkQueue(queue, done),
    },
    "assertQueue(callback)": {
      ...channel,
      ask: async (one, done) => (await one).channel.assertQueue(queue, options, done),
    },
    "get(callback)": {
      ...channel,
      ask: async (one, done) => (await one).channel.get("", { noAck: true }, done),
    },
    "createChannel(callback)": {
      ...channel,
      ask: async (one, done) => (await one).connection.createChannel(done),
    },
    "await checkQueue()": {
      ...promised("createChannel"),
      async ask(one, done) {
        await (await one).channel.checkQueue(queue);
        done();
      },
    },
  };
};
