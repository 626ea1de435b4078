export default async function Grouped({ params }) {
  const { id } = await params;
  return <p>{id}</p>;
}
