// SPDX-License-Identifier: Apache-2.0

/** Operators of constraints, in upper case as Marathon answers them. */
export const constraintOperators = ["UNIQUE", "CLUSTER", "GROUP_BY", "LIKE", "UNLIKE", "MAX_PER", "IS"];

const wholeNumber = /^-?\d{1,9}$/;

/** What is wrong with the value of a constraint, or nothing; `operator` is one of {@link constraintOperators}. */
export function constraintValueProblem(operator: string, value: string | undefined): string | undefined {
  const got = `got ${JSON.stringify(value ?? "nothing")}`;
  switch (operator) {
    case "UNIQUE":
      return value === undefined ? undefined : "UNIQUE takes no value; remove it";
    case "GROUP_BY":
      return value === undefined || wholeNumber.test(value)
        ? undefined
        : `GROUP_BY takes a whole number, ${got}`;
    case "MAX_PER":
      if (value === undefined) return "MAX_PER needs a whole number as value";
      return wholeNumber.test(value) ? undefined : `MAX_PER takes a whole number, ${got}`;
    case "LIKE":
    case "UNLIKE":
      if (value === undefined) return `${operator} needs a regular expression as value`;
      return isPattern(value) ? undefined : `${operator} takes a regular expression, ${got}`;
    case "IS":
      return /^[\w/.-]*$/.test(value ?? "")
        ? undefined
        : `IS takes a value of letters, digits and any of _ / . -, ${got}`;
    default:
      return undefined;
  }
}

function isPattern(value: string): boolean {
  try {
    return new RegExp(value) instanceof RegExp;
  } catch {
    return false;
  }
}
