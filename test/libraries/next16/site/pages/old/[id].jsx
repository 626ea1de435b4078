import { log, shelfOf } from "../../work.js";

export async function getServerSideProps({ params }) {
  log.info("old", { id: params.id });
  return { props: { shelf: await shelfOf(params.id) } };
}

export default function Old({ shelf }) {
  return <p>{shelf}</p>;
}
