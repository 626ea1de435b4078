import { log, shelfOf } from "../../../work.js";

export default async function Order({ params }) {
  const { id } = await params;
  const shelf = await shelfOf(id);
  log.info("order", { id });
  return <p>{shelf}</p>;
}
