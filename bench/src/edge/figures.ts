// SPDX-License-Identifier: Apache-2.0
import type { Figure } from "../figure";

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

export function figure(name: string, value: number, unit: string, below?: number): Figure {
  const target = below === undefined ? "none" : `< ${below}`;
  const ok = below === undefined || round(value) < below;
  return { bench: "edge", figure: name, value: round(value), unit, target, ok };
}

export function atMost(name: string, value: number, unit: string, most: number): Figure {
  const ok = round(value) <= most;
  return { bench: "edge", figure: name, value: round(value), unit, target: `<= ${most}`, ok };
}
