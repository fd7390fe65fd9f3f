// Answers each line { condition, values } with T or F as it comes.
import { createInterface } from "node:readline";
import { holds } from "../../../web/frontend/src/lib/conditions.js";

createInterface({ input: process.stdin }).on("line", (line) => {
  const one = JSON.parse(line);
  process.stdout.write(holds(one.condition, one.values) ? "T\n" : "F\n");
});
