// Whether a condition holds, equal to core/forms/rules/conditions.py: one truth table and a fuzz test hold both alike.
// Conditions arrive resolved (their fields are paths, `today` is a date), so neither scopes nor a clock are needed.

/** Missing, "" and [] are empty; 0 and false are answers. */
export function isEmpty(value) {
  return value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

function kind(value) {
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return "number";
  return typeof value === "string" ? "text" : "other";
}

// By code point, as Python orders texts; `<` of JavaScript goes by UTF-16 unit.
function compareText(left, right) {
  const a = Array.from(left);
  const b = Array.from(right);
  for (let index = 0; index < a.length && index < b.length; index += 1) {
    const difference = a[index].codePointAt(0) - b[index].codePointAt(0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

// Negative, 0 or positive; NaN when the kinds differ: nothing is ever coerced.
function compare(left, right) {
  const side = kind(left);
  if (side === "other" || side !== kind(right)) return NaN;
  if (side === "text") return compareText(left, right);
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function contains(answer, value) {
  if (Array.isArray(value)) return value.every((one) => contains(answer, one));
  if (Array.isArray(answer)) return answer.some((member) => compare(member, value) === 0);
  return typeof answer === "string" && typeof value === "string" && answer.includes(value);
}

const ORDER = {
  gt: (difference) => difference > 0,
  gte: (difference) => difference >= 0,
  lt: (difference) => difference < 0,
  lte: (difference) => difference <= 0,
};

function test(answer, op, value) {
  if (isEmpty(answer)) return op === "empty" || op === "ne" || op === "not_contains";
  if (op === "empty") return false;
  if (op === "not_empty") return true;
  if (op === "contains") return contains(answer, value);
  if (op === "not_contains") return !contains(answer, value);
  const members = Array.isArray(answer) ? answer : [answer];
  if (op === "eq") return members.some((member) => compare(member, value) === 0);
  if (op === "ne") return !members.some((member) => compare(member, value) === 0);
  if (op === "in") {
    const wanted = Array.isArray(value) ? value : [value];
    return members.some((member) => wanted.some((one) => compare(member, one) === 0));
  }
  return members.some((member) => ORDER[op](compare(member, value)));
}

/** Tell whether a condition is true; `values` holds shown answers by path, hidden ones are left out. */
export function holds(condition, values) {
  if (condition.all) return condition.all.every((one) => holds(one, values));
  if (condition.any) return condition.any.some((one) => holds(one, values));
  if (condition.not) return !holds(condition.not, values);
  const answer = Object.hasOwn(values, condition.field) ? values[condition.field] : undefined;
  return test(answer, condition.op, condition.value);
}
