export default function Board({ children, side }) {
  return (
    <main>
      {children}
      {side}
    </main>
  );
}
