import { log, shelfOf } from "../../../work.js";

export async function GET(_request, { params }) {
  const { id } = await params;
  log.info("behind", { id });
  return Response.json({ shelf: await shelfOf(id) });
}
