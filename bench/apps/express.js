import express from "express";
import winston from "winston";

const log = winston.createLogger({
  format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
  transports: [new winston.transports.Console()],
});

const app = express();
app.use(express.json());

const users = express.Router();
users.get("/users/:id", (request, response) => {
  log.info("user asked for", { user: request.params.id });
  response.json({ id: request.params.id, name: "Ada" });
});
app.use("/api", users);

const server = app.listen(0, "127.0.0.1", () => process.send?.({ port: server.address().port }));
