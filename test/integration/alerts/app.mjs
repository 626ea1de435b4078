import { sendAlert } from "telltale";
import scenarios from "./scenarios.cjs";

scenarios(sendAlert)[process.argv[2]]();
