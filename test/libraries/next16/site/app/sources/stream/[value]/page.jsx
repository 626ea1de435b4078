import { Suspense } from "react";

/** Fails after its status was sent. */
export default async function Streamed({ params }) {
  await params;
  return (
    <Suspense fallback={<p>soon</p>}>
      <Late />
    </Suspense>
  );
}

async function Late() {
  await new Promise((resolve) => setTimeout(resolve, 20));
  throw new Error("failed stream");
}
