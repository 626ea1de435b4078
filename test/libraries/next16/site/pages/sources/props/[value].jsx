import { thrown } from "../../../thrown.mjs";

export async function getServerSideProps({ params }) {
  throw thrown(params.value, "props");
}

export default function Failing() {
  return <p>never</p>;
}
