/**
 * The colours of the plots of `compare` and `start`. One means one thing on the whole page: a stack, a reason for a drop,
 * or a part of what is measured. All can be told from white and from black.
 */
import { REASONS } from "../../core/mod.ts";

/** Stacks, in order; far enough apart for the usual forms of colour blindness (after Okabe and Ito). */
export const STACK_COLOURS: readonly string[] = [
  "#e08214",
  "#3f8fd2",
  "#c25b8f",
  "#8c6bb1",
  "#a0764a",
];

/** Lines of stacks beyond the colours are dashed, then dotted, and so on. */
export function dashOf(_name: string, i: number): readonly number[] {
  const dashes = [[1, 0], [6, 3], [2, 2]];
  return dashes[Math.floor(i / STACK_COLOURS.length) % dashes.length]!;
}

/** Parts of what is measured. */
export const PART_COLOURS = {
  offered: "#8793a1",
  forwarded: "#2aa876",
  useful: "#5a6f9e",
  "busy without result": "#b9c3da",
  payload: "#2f8087",
  "TLP overhead": "#a5d0d1",
} as const;

/** Reasons for drops: dark and light in turn, so that neighbours differ in brightness too. */
export const LOSS_COLOURS: readonly string[] = [
  "#d1495b",
  "#f2b5a7",
  "#8f2d56",
  "#e3c567",
  "#a63a24",
  "#ff8f7d",
  "#7b6b2e",
  "#dcb9c6",
];

/** What packets were lost to, in an order that is the same in every report; what is no reason comes last. */
export function inOrder(losses: readonly string[]): string[] {
  const at = (name: string) => {
    const i = (REASONS as readonly string[]).indexOf(name);
    return i < 0 ? REASONS.length : i;
  };
  return [...new Set(losses)].sort((a, b) => at(a) - at(b) || (a < b ? -1 : 1));
}
