import { fail } from "../../../work.js";

export async function POST(_request, { params }) {
  const { tenant } = await params;
  await fail(tenant);
}
