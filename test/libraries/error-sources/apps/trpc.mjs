import { createServer } from "node:http";
import { listening } from "../../frameworks/apps/work.mjs";
import { handlers, thrown } from "./thrown.mjs";

/** Serves tRPC with its standalone adapter: a procedure for each place. */
export function serve({ trpc, adapter }) {
  const router = routerOf(trpc);
  const createContext = ({ req }) => {
    const { pathname, searchParams } = new URL(req.url, "http://localhost");
    if (pathname === "/context") throw thrown(JSON.parse(searchParams.get("input")), "context");
    return {};
  };
  const server = createServer(adapter.createHTTPHandler({ router, createContext }));
  return listening(server.listen(0, "127.0.0.1"));
}

function routerOf({ initTRPC, TRPCError }) {
  const t = initTRPC.create();
  const procedure = t.procedure.input(String);
  const queries = Object.entries(handlers).map(([place, handle]) => [
    place,
    procedure.query(({ input }) => handle(input, () => "sent")),
  ]);
  const router = t.router({
    ...Object.fromEntries(queries),
    middleware: procedure
      .use(({ input }) => {
        throw thrown(input, "middleware");
      })
      .query(() => "sent"),
    input: t.procedure
      .input((value) => {
        throw thrown(value, "input");
      })
      .query(() => "sent"),
    output: procedure
      .output((value) => {
        throw thrown(value, "output");
      })
      .query(({ input }) => input),
    context: procedure.query(() => "sent"),
    stream: t.procedure.subscription(failingStream),
    client: procedure.query(({ input }) => {
      throw new TRPCError({ code: "UNAUTHORIZED", cause: thrown(input, "client") });
    }),
  });
  // tRPC refuses to merge routers with two formatters of the app.
  const other = initTRPC.create({ errorFormatter: ({ shape }) => shape });
  return t.mergeRouters(router, other.router({ other: other.procedure.query(() => "sent") }));
}

async function* failingStream() {
  yield "row";
  throw new Error("failed stream");
}
