import { notFound } from "next/navigation";

export default async function Gone({ params }) {
  await params;
  notFound();
}
