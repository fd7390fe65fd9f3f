// Reads cases { condition, values } as JSON lines and prints one letter for each: T or F.
import { readFileSync } from "node:fs";
import { holds } from "../../../web/frontend/src/lib/conditions.js";

const lines = readFileSync(0, "utf8").split("\n").filter(Boolean);
process.stdout.write(lines.map((line) => JSON.parse(line)).map((one) => (holds(one.condition, one.values) ? "T" : "F")).join(""));
