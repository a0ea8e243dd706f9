// Aim: on the page a colour means one thing, neighbours can be told apart, and every stack has a line of its own. Method:
// the palettes compared with each other and with the bundled stacks.
import { assert, assertEquals } from "@std/assert";
import { STACK_NAMES } from "../stacks.ts";
import { dashOf, inOrder, LOSS_COLOURS, PART_COLOURS, STACK_COLOURS } from "./palette.ts";

/** Relative luminance (WCAG 2.2). */
function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const c = parseInt(colour.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

Deno.test("no colour of the plots means two things", () => {
  const all = [...STACK_COLOURS, ...LOSS_COLOURS, ...Object.values(PART_COLOURS)];
  assertEquals(new Set(all).size, all.length);
});

Deno.test("every bundled stack has a line of its own", () => {
  const lines = STACK_NAMES.map((name, i) =>
    `${STACK_COLOURS[i % STACK_COLOURS.length]} ${dashOf(name, i)}`
  );
  assertEquals(new Set(lines).size, STACK_NAMES.length);
});

Deno.test("reasons that lie beside each other differ in brightness", () => {
  LOSS_COLOURS.forEach((colour, i) => {
    const next = LOSS_COLOURS[(i + 1) % LOSS_COLOURS.length]!;
    const [light, dark] = [luminance(colour), luminance(next)].sort((a, b) => b - a);
    const contrast = (light! + 0.05) / (dark! + 0.05);
    assert(contrast > 1.8, `${colour} and ${next}: ${contrast.toFixed(2)}`);
  });
});

Deno.test("inOrder puts reasons as the core has them, and what is none last", () => {
  const losses = ["still waiting", "rx-missed", "ttl", "freed without a fate", "ttl"];
  assertEquals(inOrder(losses), ["ttl", "rx-missed", "freed without a fate", "still waiting"]);
});
