// SPDX-License-Identifier: Apache-2.0
import type { Attribute } from "../mesos/messages";

const scalars = new Intl.NumberFormat("en-US", { maximumFractionDigits: 3 });

/** An attribute as constraints see it: `1,000.5`, `[1-2,5-9]`, `{a,b}`, or the text. */
export function attributeValue(attribute: Attribute): string {
  if (attribute.text !== undefined) return attribute.text.value;
  if (attribute.scalar !== undefined) return scalars.format(attribute.scalar.value);
  if (attribute.set !== undefined) return `{${[...(attribute.set.item ?? [])].sort().join(",")}}`;
  const ranges = [...(attribute.ranges?.range ?? [])].sort((a, b) => Number(a.begin) - Number(b.begin));
  return `[${ranges.map((r) => `${r.begin}-${r.end}`).join(",")}]`;
}
