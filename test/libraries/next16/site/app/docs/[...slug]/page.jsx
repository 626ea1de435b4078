export default async function Docs({ params }) {
  const { slug } = await params;
  return <p>{slug.join(" ")}</p>;
}
