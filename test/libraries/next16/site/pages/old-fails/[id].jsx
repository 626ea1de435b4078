export async function getServerSideProps({ params }) {
  throw new Error(`failed ${params.id}`);
}

export default function Fails() {
  return <p>never</p>;
}
