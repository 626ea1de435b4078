const { createServer } = require("http");
const { promisify } = require("util");
const { failTenant, log, open } = require("../../web/apps/work.cjs");

/*
 * A gRPC service, and an HTTP server in front of it that calls it, with telemetry
 * calls only in `work.cjs`. Responses contain all events of the gRPC client.
 */

const code = (value) => Buffer.from(JSON.stringify(value));
const read = (bytes) => JSON.parse(String(bytes));

function methods(streams) {
  return Object.fromEntries(
    Object.entries(streams).map(([name, [requestStream, responseStream]]) => [
      name,
      {
        path: `/shop.Stock/${name[0].toUpperCase()}${name.slice(1)}`,
        requestStream,
        responseStream,
        requestSerialize: code,
        requestDeserialize: read,
        responseSerialize: code,
        responseDeserialize: read,
      },
    ]),
  );
}

const service = methods({
  count: [false, false],
  missing: [false, false],
  internal: [false, false],
  unassigned: [false, false],
  broken: [false, false],
  throws: [false, false],
  tenant: [false, false],
  hangs: [false, false],
  list: [false, true],
  listBroken: [false, true],
  sum: [true, false],
  echo: [true, true],
  tenantStream: [true, true],
});

exports.serve = async function serve(grpc, isOld) {
  const server = new grpc.Server();
  server.addService(service, handlers(grpc));
  const credentials = grpc.ServerCredentials.createInsecure();
  const port = await promisify(server.bindAsync.bind(server))("127.0.0.1:0", credentials);
  if (isOld) server.start();
  const all = { ...service, ...methods({ nowhere: [false, false] }) };
  const Client = grpc.makeGenericClientConstructor(all, "Stock");
  const client = new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  const front = createServer((request, response) => respond(grpc, client, request, response));
  front.listen(0, "127.0.0.1", () => open({ front: front.address().port, grpc: port }));
};

function handlers(grpc) {
  const { INTERNAL, NOT_FOUND, UNAVAILABLE } = grpc.status;
  const print = (text) => log.info(text, { handled: true });
  return {
    factor: 2,
    count({ request, metadata }, done) {
      print("count");
      const trailers = new grpc.Metadata();
      trailers.set("left", String(request.of * this.factor));
      done(null, { left: request.of * this.factor, tenant: metadata.get("tenant") }, trailers);
    },
    missing: (_, done) => done({ code: NOT_FOUND, details: "no such thing" }),
    internal: (_, done) => done({ code: INTERNAL, details: "the stock is on fire" }),
    unassigned: (_, done) => done({ code: 17, details: "no code of gRPC" }),
    broken: (_, done) => setImmediate(() => done(new Error("the stock is broken"))),
    throws() {
      throw new Error("thrown in a handler");
    },
    async tenant({ request }, done) {
      done(await errorOf(request.tenant));
    },
    hangs(call) {
      call.on("cancelled", () => print("cancelled"));
      call.sendMetadata(new grpc.Metadata());
    },
    list(call) {
      print("list");
      call.write({ item: 1 });
      call.write({ item: 2 });
      setImmediate(() => {
        print("listed");
        call.end();
      });
    },
    listBroken(call) {
      call.write({ item: 1 });
      const error = new Error("the list is broken");
      setImmediate(() => call.emit("error", Object.assign(error, { code: UNAVAILABLE })));
    },
    sum(call, done) {
      let sum = 0;
      call.on("data", ({ of }) => (sum += of));
      call.on("end", () => {
        print("sum");
        done(null, { sum });
      });
    },
    echo(call) {
      call.on("data", (message) => call.write(message));
      call.on("end", () => {
        print("echo");
        call.end();
      });
    },
    tenantStream(call) {
      call.on("data", ({ tenant }) => {
        errorOf(tenant).then((error) => call.emit("error", error));
      });
    },
  };
}

function errorOf(tenant) {
  return failTenant(tenant).catch((error) => error);
}

function respond(grpc, client, request, response) {
  const [, name, tenant] = request.url.split("/");
  const metadata = new grpc.Metadata();
  metadata.set("tenant", "north");
  metadata.set("x-request-id", request.headers["x-request-id"] ?? "none");
  call(client, name, { of: 21, tenant }, metadata).then((outcome) => {
    outcome.metadata = metadata.get("tenant");
    response.end(JSON.stringify(outcome));
  });
}

/** Returns all events of a client for one call. */
async function call(client, name, message, metadata) {
  const outcome = { messages: [] };
  const { requestStream, responseStream } = service[name] ?? {};
  let isDone;
  const ended = new Promise((resolve) => (isDone = resolve));
  const args = [...(requestStream ? [] : [message]), metadata];
  const callback = (error, value) => {
    outcome.value = value;
    outcome.error = error && { code: error.code, details: error.details };
  };
  const stream = client[name](...args, ...(responseStream ? [] : [callback]));
  stream.on("metadata", (initial) => {
    outcome.id = initial.get("x-request-id");
    if (name === "hangs") stream.cancel();
  });
  stream.on("status", ({ code, details, metadata: trailers }) => {
    outcome.status = { code, details, left: trailers.get("left") };
    setImmediate(() => isDone());
  });
  stream.on("error", () => {});
  if (responseStream) stream.on("data", (one) => outcome.messages.push(one));
  if (requestStream) {
    stream.write(message);
    if (name !== "tenantStream") stream.write(message);
    stream.end();
  }
  await ended;
  return outcome;
}
