import express from "express";
import { fail, open } from "./work.mjs";

const app = express();
app.post("/tenants/:tenant", (request) => fail(request.params.tenant));
const server = app.listen(0, "127.0.0.1", 1000, () => open(server.address().port));
