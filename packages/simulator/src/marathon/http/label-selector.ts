// SPDX-License-Identifier: Apache-2.0
import { badRequest } from "../api-error";

type Labels = Readonly<Record<string, string>>;

/** `a`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, joined by commas: all must hold. */
export function labelSelector(text: string): (labels: Labels) => boolean {
  const parts = text.split(/,(?![^(]*\))/).map((part) => part.trim());
  const tests = parts.map((part) => test(part));
  return (labels) => tests.every((t) => t(labels));
}

function test(part: string): (labels: Labels) => boolean {
  const set = /^([^\s=!(),]+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(part);
  if (set !== null) {
    const [, key = "", operator, list = ""] = set;
    const values = new Set(list.split(",").map((v) => v.trim()));
    return (labels) => {
      const value = labels[key];
      return operator === "in"
        ? value !== undefined && values.has(value)
        : value === undefined || !values.has(value);
    };
  }
  const equality = /^([^\s=!(),]+)\s*(==|!=)\s*([^\s=!(),]*)$/.exec(part);
  if (equality !== null) {
    const [, key = "", operator, value] = equality;
    return (labels) => (labels[key] === value) === (operator === "==");
  }
  if (/^[^\s=!(),]+$/.test(part)) return (labels) => labels[part] !== undefined;
  throw badRequest(`Can not parse label selector ${part}`);
}
