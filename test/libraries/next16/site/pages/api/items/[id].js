import { log, shelfOf } from "../../../work.js";

export default async function handler(request, response) {
  const { id } = request.query;
  log.info("item", { id });
  response.json({ id, shelf: await shelfOf(id) });
}
