export default async function Shop({ params }) {
  const { slug = [] } = await params;
  return <p>{slug.join(" ")}</p>;
}
