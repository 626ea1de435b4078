export default async function Middle({ params }) {
  const { id } = await params;
  return <p>{id}</p>;
}
