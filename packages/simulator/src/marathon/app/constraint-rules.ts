// SPDX-License-Identifier: Apache-2.0

const operators = new Set(["UNIQUE", "CLUSTER", "GROUP_BY", "LIKE", "UNLIKE", "MAX_PER", "IS"]);
/** What Mesos attributes are compared with: words and numbers. */
const literal = /^[a-zA-Z0-9_/.-]*$/;

/** What is wrong with an app's constraint as it was given, or nothing (code: SchedulingValidation). */
export function appConstraintProblem(constraint: readonly string[]): string | undefined {
  if (constraint.length < 2 || constraint.length > 3) return "Each constraint must have either 2 or 3 fields";
  const [field, operator = "", value] = constraint;
  if (field === undefined || field === "") return "illegal constraint specification";
  if (!operators.has(operator)) {
    return "operator must be one of the following UNIQUE, CLUSTER, GROUP_BY, LIKE, MAX_PER or UNLIKE";
  }
  return constraintProblem(field, operator, value);
}

/** What is wrong with a constraint of an app or pod whose operator is known, or nothing. */
export function constraintProblem(
  field: string,
  operator: string,
  value: string | undefined,
): string | undefined {
  if (field === "") return "missing field for constraint declaration";
  switch (operator) {
    case "UNIQUE":
      return value === undefined ? undefined : "UNIQUE does not accept a value";
    case "GROUP_BY":
      return value === undefined || isInt(value)
        ? undefined
        : "GROUP BY must define an integer value or else no value at all";
    case "MAX_PER":
      return value !== undefined && isInt(value) ? undefined : "MAX_PER requires an integer value";
    case "LIKE":
    case "UNLIKE":
      if (value === undefined) return "LIKE and UNLIKE require a non-empty, regular expression value";
      return compiles(value) ? undefined : "is not a valid regular expression";
    case "IS":
      return literal.test(value ?? "")
        ? undefined
        : "IS only supports Mesos text and float values (see http://mesos.apache.org/documentation/latest/attributes-resources/)";
    default:
      return undefined;
  }
}

/** As Java's `Integer.parseInt` takes it. */
function isInt(value: string): boolean {
  return /^[+-]?\d+$/.test(value) && Math.abs(Number(value)) < 2 ** 31;
}

function compiles(expression: string): boolean {
  try {
    return new RegExp(expression) instanceof RegExp;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
