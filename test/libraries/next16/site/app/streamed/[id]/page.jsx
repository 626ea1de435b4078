import { Suspense } from "react";

/** Fails after its status was sent. */
export default async function Streamed({ params }) {
  const { id } = await params;
  return (
    <Suspense fallback={<p>soon</p>}>
      <Late id={id} />
    </Suspense>
  );
}

async function Late({ id }) {
  await new Promise((resolve) => setTimeout(resolve, 20));
  throw new Error(`failed ${id}`);
}
