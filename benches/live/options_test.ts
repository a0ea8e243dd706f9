// Aim: the options of the live benchmark are read, and refused in one line that names the option. Method: command lines.
import { assertEquals, assertThrows } from "@std/assert";
import { parseLiveOptions, USAGE } from "./options.ts";

Deno.test("parseLiveOptions reads what is given and keeps the rest", () => {
  assertEquals(parseLiveOptions([]), { rounds: 5, seconds: 2, frames: 10_000_000, xdp: 0 });
  const args = ["--rounds", "3", "--xdp", "1"];
  assertEquals(parseLiveOptions(args), { rounds: 3, seconds: 2, frames: 10_000_000, xdp: 1 });
});

Deno.test("parseLiveOptions refuses what is none", () => {
  const cases: [string[], string][] = [
    [["--rounds", "x"], '--rounds: expected an integer in 1..1000, got "x"'],
    [["--rounds"], "--rounds: expected an integer in 1..1000, got nothing"],
    [["--rounds", "0"], '--rounds: expected an integer in 1..1000, got "0"'],
    [["--seconds", "1.5"], '--seconds: expected an integer in 1..3600, got "1.5"'],
    [["--toString", "1"], `expected an option, got "--toString"; ${USAGE}`],
    [["3"], `expected an option, got "3"; ${USAGE}`],
  ];
  for (const [args, said] of cases) {
    assertEquals(assertThrows(() => parseLiveOptions(args), RangeError).message, said);
  }
});
