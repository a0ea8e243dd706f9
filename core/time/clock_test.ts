// Aim: events run in order of time, ties as asked or as chosen; runs end as documented. Method: a sorted
// list as the model, and examples for each kind of end.
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Choices } from "./choices.ts";
import { Calendar } from "./_calendar.ts";
import { Clock } from "./clock.ts";

const FAR = { horizonPs: 1e15, events: 1e9 };

Deno.test("Clock runs events in order of time, ties in order of asking, ends of instants last", () => {
  fc.assert(fc.property(
    fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.boolean()), {
      size: "max",
      maxLength: 200,
    }),
    (asked) => {
      const clock = new Clock(4);
      const seen: number[] = [];
      const handler = clock.register((arg) => seen.push(arg));
      asked.forEach(([time, end], i) =>
        end ? clock.atEnd(time, handler, i) : clock.at(time, handler, i)
      );
      assertEquals(clock.run(FAR), "quiet");
      const model = asked.map(([time, end], i) => ({ time, end, i }));
      model.sort((a, b) => a.time - b.time || Number(a.end) - Number(b.end) || a.i - b.i);
      assertEquals(seen, model.map((e) => e.i));
      assertEquals(clock.events, asked.length);
    },
  ));
});

Deno.test("Clock keeps order while handlers ask for more", () => {
  const clock = new Clock();
  const seen: number[] = [];
  const leaf = clock.register((arg) => seen.push(clock.now * 100 + arg));
  const root = clock.register((arg) => {
    clock.at(clock.now + arg, leaf, 1);
    clock.at(clock.now, leaf, 2);
  });
  clock.at(5, root, 3);
  clock.at(6, root, 0);
  clock.run(FAR);
  assertEquals(seen, [502, 601, 602, 801]);
});

/** Asks for events `delays` later, the first at once and the others when events run, and checks their order. */
function runsInOrder(clock: Clock): (delays: readonly number[], first: number) => void {
  let seen: { ps: number; end: boolean; number: number }[] = [];
  let asked = 0;
  let delays: readonly number[] = [];
  const ask = (): void => {
    const number = asked++;
    const ps = clock.now + delays[number]!;
    const end = delays[number]! % 7 === 1;
    if (end) clock.atEnd(ps, handler, number);
    else clock.at(ps, handler, number);
    events[number] = { ps, end, number };
  };
  const events: { ps: number; end: boolean; number: number }[] = [];
  const handler = clock.register((number) => {
    seen.push(events[number]!);
    assertEquals(clock.now, events[number]!.ps);
    for (let more = number % 3; more > 0 && asked < delays.length; more--) ask();
  });
  return (drawn, first) => {
    clock.reset();
    [seen, asked, delays] = [[], 0, drawn];
    while (asked < Math.min(first, drawn.length)) ask();
    // horizons far from the next event leave the calendar as it is
    for (
      let ps = 0;
      clock.run({ horizonPs: ps, events: 1000 }) === "horizon";
      ps = ps * 1.25 + 400_000
    ) {
      if (asked < drawn.length) ask();
    }
    // of those that wait together the earliest runs first: each is later than the one before
    for (let i = 1; i < seen.length; i++) {
      const [a, b] = [seen[i - 1]!, seen[i]!];
      const order = a.ps - b.ps || Number(a.end) - Number(b.end) || a.number - b.number;
      assert(
        order < 0 || (a.ps === b.ps && b.number > a.number),
        `${a.number} ran before ${b.number}`,
      );
    }
    assertEquals(seen.length, asked);
  };
}

Deno.test("Clock TIME-2: loses nothing and keeps order over days and years of its calendar, across resets and horizons", () => {
  const delay = fc.oneof(
    { weight: 3, arbitrary: fc.nat(3) },
    { weight: 3, arbitrary: fc.integer({ min: 1000, max: 1050 }) },
    { weight: 3, arbitrary: fc.nat(70_000) },
    { weight: 3, arbitrary: fc.integer({ min: 1_040_000, max: 1_060_000 }) },
    { weight: 3, arbitrary: fc.constantFrom(1024, 2 ** 20 - 1, 2 ** 20, 2 ** 20 + 1024, 2 ** 21) },
    { weight: 3, arbitrary: fc.nat(30_000_000) },
    { weight: 1, arbitrary: fc.integer({ min: 2 ** 31, max: 2 ** 34 }) },
  );
  fc.assert(fc.property(
    fc.array(delay, { minLength: 1, maxLength: 150, size: "max" }),
    fc.integer({ min: 1, max: 40 }),
    runsInOrder(new Clock(4)),
  ));
});

Deno.test("Clock TIME-2: loses nothing and keeps order where few events lie where days, weeks and years end", () => {
  const delay = fc.tuple(
    fc.constantFrom(0, 1, 2 ** 20),
    fc.constantFrom(0, 0, -1024, 1024, -32_768, 32_768, -33_792),
    fc.integer({ min: -1, max: 1 }),
  )
    .map(([years, days, ps]) => Math.max(0, years + days + ps));
  fc.assert(
    fc.property(
      fc.array(delay, { minLength: 2, maxLength: 8, size: "max" }),
      fc.integer({ min: 1, max: 4 }),
      runsInOrder(new Clock(4)),
    ),
    { numRuns: 10_000 },
  );
});

Deno.test("Clock refuses the past and fractions", () => {
  const clock = new Clock();
  const handler = clock.register(() => {});
  clock.at(10, handler, 0);
  clock.run(FAR);
  assertThrows(() => clock.at(9, handler, 0), RangeError, "Cannot schedule an event: 9 ps");
  assertThrows(() => clock.at(10.5, handler, 0), RangeError, "10.5 ps is not a whole time");
  assertThrows(() => clock.at(NaN, handler, 0), RangeError, "NaN ps");
});

Deno.test("Clock ends quiet when only timers are left and the caller is satisfied", () => {
  const clock = new Clock();
  let ticks = 0;
  const tick = clock.registerTimer(() => {
    ticks++;
    clock.at(clock.now + 100, tick, 0);
  });
  clock.at(100, tick, 0);
  assertEquals(clock.run(FAR), "quiet");
  assertEquals(ticks, 0);
  assertEquals(clock.run(FAR, () => ticks >= 3), "quiet");
  assertEquals(ticks, 3);
});

Deno.test("Clock ends at the horizon and at the limit of events", () => {
  const clock = new Clock();
  const again = clock.register(() => clock.at(clock.now + 10, again, 0));
  clock.at(0, again, 0);
  assertEquals(clock.run({ horizonPs: 50, events: 1000 }), "horizon");
  assertEquals(clock.now, 50, "the horizon is the last instant that is run");
  assertEquals(clock.run({ horizonPs: 59, events: 1000 }), "horizon");
  assertEquals(clock.now, 50);
  assertEquals(clock.run({ horizonPs: 1e9, events: 4 }), "limit");
  assertEquals(clock.now, 90);
  const stop = clock.register(() => clock.stop());
  clock.at(115, stop, 0);
  assertEquals(clock.run({ horizonPs: 1e9, events: 100 }), "limit");
  assertEquals(clock.now, 115, "the event that stops the run is its last");
  assertEquals(clock.run({ horizonPs: 120, events: 100 }), "horizon", "and the next run goes on");
});

Deno.test("Clock reset equals a new clock, trace hash included", () => {
  const play = (clock: Clock, handler: number) => {
    for (let i = 0; i < 50; i++) clock.at((i * 37) % 11, handler, i);
    clock.run(FAR);
    return [clock.now, clock.events, clock.traceHash];
  };
  const used = new Clock(4);
  const handler = used.register(() => {});
  const first = play(used, handler);
  used.at(99, handler, 1);
  used.reset();
  assertEquals(used.pending, 0);
  assertEquals(play(used, handler), first);
  const other = new Clock();
  const otherHandler = other.register(() => {});
  other.at(1, otherHandler, 2);
  other.run(FAR);
  assertEquals(other.traceHash === first[2], false);
});

Deno.test("Clock reset forgets what waits, be it days or years away", () => {
  const delay = fc.oneof(fc.nat(1100), fc.nat(2 ** 21), fc.integer({ min: 2 ** 31, max: 2 ** 34 }));
  const calendar = new Calendar(4);
  fc.assert(fc.property(fc.array(delay, { minLength: 1, maxLength: 20 }), (delays) => {
    delays.forEach((ps, order) => calendar.push(ps, order, 0, 0));
    calendar.take(2 ** 30);
    calendar.reset();
    assertEquals([calendar.isEmpty, calendar.peek()], [true, -1]);
  }));
  const clock = new Clock(4);
  const handler = clock.register(() => {});
  fc.assert(
    fc.property(fc.array(delay, { maxLength: 20 }), fc.nat(2 ** 22), (delays, horizonPs) => {
      for (const ps of delays) clock.at(ps, handler, 0);
      clock.run({ horizonPs, events: 5 });
      clock.reset();
      assertEquals([clock.pending, clock.run(FAR), clock.events, clock.now], [0, "quiet", 0, 0]);
      // and an event alone is the next one
      clock.at(7, handler, 0);
      assertEquals([clock.run(FAR), clock.events, clock.now], ["quiet", 1, 7]);
      clock.reset();
    }),
  );
});

Deno.test("Clock traces of events with another time, handler, argument or order have other hashes", () => {
  const clock = new Clock();
  const [work, other] = [clock.register(() => {}), clock.register(() => {})];
  const timer = clock.registerTimer(() => {});
  const traces = [
    [[5, work, 1], [9, work, 2]],
    [[6, work, 1], [9, work, 2]],
    [[5, other, 1], [9, work, 2]],
    [[5, timer, 1], [9, work, 2]],
    [[5, work, 3], [9, work, 2]],
    [[5, work, 2], [9, work, 1]],
    [[5, work, 1]],
    [],
  ] as const;
  const hashes = traces.map((events) => {
    clock.reset();
    for (const [ps, handler, arg] of events) clock.at(ps, handler, arg);
    clock.run(FAR);
    return clock.traceHash;
  });
  assertEquals(new Set(hashes).size, traces.length, `${hashes}`);
});

Deno.test("Clock lets choices reorder one instant and nothing else", () => {
  const play = (value: number) => {
    const clock = new Clock();
    const choices = new Choices();
    choices.reset([{ site: "tie", occurrence: 0, value }]);
    clock.reset(choices);
    const seen: number[] = [];
    const handler = clock.register((arg) => seen.push(arg));
    for (const [time, arg] of [[1, 0], [2, 1], [2, 2], [2, 3], [3, 4]] as const) {
      clock.at(time, handler, arg);
    }
    clock.atEnd(2, handler, 9);
    clock.run(FAR);
    return seen;
  };
  assertEquals(play(0), [0, 1, 2, 3, 9, 4]);
  assertEquals(play(1), [0, 2, 1, 3, 9, 4]);
  assertEquals(play(2), [0, 3, 1, 2, 9, 4]);
});

Deno.test("Clock runs what meets at the end of an instant in order of its argument", () => {
  const clock = new Clock();
  const seen: number[] = [];
  const handler = clock.register((arg) => seen.push(arg));
  for (const arg of [3, 1, 2, 1]) clock.atEnd(5, handler, arg);
  clock.at(5, handler, 9);
  clock.run(FAR);
  assertEquals(seen, [9, 1, 1, 2, 3]);
});

Deno.test("Clock lets choices reorder no ends of an instant", () => {
  const clock = new Clock();
  const choices = new Choices();
  const ran: string[] = [];
  const at = clock.register((n) => void ran.push(`at ${n}`));
  const end = clock.register((n) => void ran.push(`end ${n}`));
  const deviations = Array.from(
    { length: 12 },
    (_, occurrence) => ({ site: "tie", occurrence, value: 5 - occurrence % 6 }),
  );
  for (const chosen of [[], deviations]) {
    choices.reset(chosen);
    clock.reset(choices);
    ran.length = 0;
    for (const n of [2, 0, 1]) clock.atEnd(10, end, n);
    for (const n of [0, 1, 2]) clock.at(10, at, n);
    clock.run(FAR);
    assertEquals(
      ran.slice(3),
      ["end 0", "end 1", "end 2"],
      "lcores keep their order, and come last",
    );
    assertEquals(ran.slice(0, 3).sort(), ["at 0", "at 1", "at 2"]);
    const swapped = ran[0] !== "at 0";
    assertEquals(swapped, chosen.length > 0, "the choices were asked");
  }
});

// Aim: the default is 0, deviations are keyed by site and occurrence and survive other questions.

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
  assertEquals([0, 1, 2, 3].map(() => choices.pick(loss, 2)), [0, 0, 0, 0]);
  assertEquals(choices.deviates, false);
});
