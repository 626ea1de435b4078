/** One channel to a server in the same process. */
module.exports = async ({ load, installed }) => {
  const grpc = load(installed);
  const plain = {
    requestSerialize: (value) => Buffer.from(value),
    requestDeserialize: String,
    responseSerialize: (value) => Buffer.from(value),
    responseDeserialize: String,
  };
  const method = (name, requestStream, responseStream) => ({
    path: `/test.Echo/${name}`,
    requestStream,
    responseStream,
    ...plain,
  });
  const service = {
    One: method("One", false, false),
    Many: method("Many", false, true),
    Collect: method("Collect", true, false),
    Bad: method("Bad", false, false),
  };
  const server = new grpc.Server();
  server.addService(service, {
    One: (call, callback) => setTimeout(() => callback(null, call.request), 5),
    Bad: (call, callback) => setTimeout(() => callback({ code: 13, details: "bad" }), 5),
    Many(call) {
      setTimeout(() => {
        call.write("a");
        call.end();
      }, 5);
    },
    Collect: (call, callback) => call.on("data", () => {}).on("end", () => callback(null, "a")),
  });
  const port = await new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  if (installed === "grpc-js10") server.start();
  const Echo = grpc.makeGenericClientConstructor(service, "test.Echo");
  const client = {
    make: () => new Echo(`127.0.0.1:${port}`, grpc.credentials.createInsecure()),
    end: (one) => one.close(),
  };
  let open = 0;
  const ways = {
    "unary(callback)": { ...client, ask: (one, done) => void one.One("a", done) },
    "a failed unary(callback)": { ...client, ask: (one, done) => void one.Bad("a", () => done()) },
    "status of a unary call": {
      ...client,
      ask: (one, done) => void one.One("a", () => {}).on("status", () => done()),
    },
    "metadata of a unary call": {
      ...client,
      ask: (one, done) => void one.One("a", () => {}).on("metadata", () => done()),
    },
    "data of a stream": {
      ...client,
      ask: (one, done) => void one.Many("a").on("data", () => done()),
    },
    "end of a stream": {
      ...client,
      ask: (one, done) =>
        void one
          .Many("a")
          .on("data", () => {})
          .on("end", () => done()),
    },
    "client stream(callback)": {
      ...client,
      ask(one, done) {
        const stream = one.Collect(done);
        stream.write("a");
        stream.end();
      },
    },
    "waitForReady(callback)": {
      ...client,
      ask: (one, done) => one.waitForReady(Date.now() + 60_000, done),
      calls: 0,
    },
  };
  const ends = Object.values(ways).length;
  for (const way of Object.values(ways)) {
    way.end = (one) => {
      one.close();
      if (++open === ends) server.forceShutdown();
    };
  }
  return ways;
};
