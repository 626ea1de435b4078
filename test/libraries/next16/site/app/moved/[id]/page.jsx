import { redirect } from "next/navigation";

export default async function Moved({ params }) {
  const { id } = await params;
  redirect(`/orders/${id}`);
}
