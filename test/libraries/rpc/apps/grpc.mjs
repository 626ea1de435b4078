import { serve } from "./grpc-stock.cjs";

const [installed] = process.argv.slice(2);
const grpc = await import(installed);
serve(grpc, installed === "grpc-js10");
