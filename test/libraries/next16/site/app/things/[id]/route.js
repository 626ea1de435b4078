import { log } from "../../../work.js";

export async function GET(_request, { params }) {
  const { id } = await params;
  log.info("thing", { id });
  return Response.json({ id });
}

export async function POST(request) {
  return Response.json(await request.json());
}
