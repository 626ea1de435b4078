import { lookUp, open, order } from "./work.mjs";

export function serve(express) {
  const api = express.Router();
  api.get("/items/:id", (request, response, next) => {
    lookUp(request.params.id).then((item) => response.json(item), next);
  });
  api.post("/orders/:id", (request, response) => {
    response.json(order(request.params.id));
  });
  const app = express();
  app.use("/api", api);
  const server = app.listen(0, "127.0.0.1", () => open(server.address().port));
}
