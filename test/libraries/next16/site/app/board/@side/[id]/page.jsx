export default async function Side({ params }) {
  const { id } = await params;
  return <p>{id}</p>;
}
