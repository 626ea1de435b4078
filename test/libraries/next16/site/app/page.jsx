/** Rendered when the app is built. */
export default function Home() {
  return <p>home</p>;
}
