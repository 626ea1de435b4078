import { promisify } from "node:util";
import { handlers, thrown } from "./thrown.mjs";

/** Serves a gRPC service with a method for each place. */
export async function serve({ grpc, wildcard }) {
  const server = new grpc.Server();
  server.addService(definitionOf(Object.keys(methodsOf(grpc))), methodsOf(grpc));
  const credentials = grpc.ServerCredentials.createInsecure();
  const port = await promisify(server.bindAsync.bind(server))("127.0.0.1:0", credentials);
  if (wildcard === "start") server.start();
  return { port };
}

function methodsOf({ status }) {
  const unary = Object.entries(handlers).map(([place, handle]) => [
    place,
    ({ request }, done) => handle(request, () => done(null, "sent")),
  ]);
  return {
    ...Object.fromEntries(unary),
    replied: ({ request }, done) => done(thrown(request, "replied")),
    client: ({ request }, done) => {
      const details = String(thrown(request, "client"));
      done({ code: status.INVALID_ARGUMENT, details });
    },
    stream: (call) => {
      call.write("row");
      setImmediate(() => call.emit("error", new Error("failed stream")));
    },
  };
}

function definitionOf(names) {
  const code = (text) => Buffer.from(String(text));
  return Object.fromEntries(
    names.map((name) => [
      name,
      {
        path: `/shop.Sources/${name}`,
        requestStream: false,
        responseStream: name === "stream",
        requestSerialize: code,
        requestDeserialize: String,
        responseSerialize: code,
        responseDeserialize: String,
      },
    ]),
  );
}
