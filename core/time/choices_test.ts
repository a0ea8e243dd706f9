// Aim: the default is 0, deviations are keyed by site and occurrence and survive other questions.
import { assertEquals } from "@std/assert";
import { Choices } from "./choices.ts";

Deno.test("Choices answer 0 unless a deviation names the site and the occurrence", () => {
  const choices = new Choices();
  choices.reset([{ site: "a", occurrence: 1, value: 2 }, { site: "b", occurrence: 0, value: 7 }]);
  const a = choices.site("a");
  const b = choices.site("b");
  assertEquals([choices.pick(a, 3), choices.pick(b, 4), choices.pick(a, 3), choices.pick(a, 3)], [
    0,
    3,
    2,
    0,
  ]);
  assertEquals(choices.asked(a), 3);
  assertEquals(choices.deviates, true);
});

Deno.test("Choices are not moved by questions at other sites", () => {
  const choices = new Choices();
  const deviation = [{ site: "loss", occurrence: 2, value: 1 }];
  choices.reset(deviation);
  const loss = choices.site("loss");
  const noise = choices.site("noise");
  const plain = [0, 1, 2, 3].map(() => choices.pick(loss, 2));
  choices.reset(deviation);
  const noisy = [0, 1, 2, 3].map(() => {
    choices.pick(noise, 5);
    return choices.pick(loss, 2);
  });
  assertEquals(plain, [0, 0, 1, 0]);
  assertEquals(noisy, plain);
  choices.reset();
  assertEquals(choices.pick(loss, 2), 0);
  assertEquals(choices.deviates, false);
});
