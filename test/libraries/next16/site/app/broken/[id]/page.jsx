export default async function Broken({ params }) {
  const { id } = await params;
  throw new Error(`failed ${id}`);
}
