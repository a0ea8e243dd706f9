// Aim: an engine that was reset in the middle of its work equals a new one: nothing of the last run resumes,
// and all of its reads may be under way again.
// Method: a fabric that refuses or swallows what it is given, and the engine's requests written down.
import { assertEquals } from "@std/assert";
import { TEST_PROFILE } from "../machine/_profile_for_tests.ts";
import { type Fabric, HOST } from "../pcie/fabric.ts";
import { Clock } from "../time/clock.ts";
import { DmaEngine } from "./dma.ts";

const LIMITS = { horizonPs: 1e12, events: 10_000 };

/** A fabric that answers nothing. */
function silentFabric(asked: string[], room: () => boolean) {
  let roomHandler = -1;
  const fabric = {
    room,
    onRoom: (_node: number, handler: number) => void (roomHandler = handler),
    write: (_src: number, _dst: number, bytes: number) => void asked.push(`write ${bytes}`),
    read: (_src: number, _dst: number, bytes: number) => void asked.push(`read ${bytes}`),
  } as unknown as Fabric;
  return { fabric, roomHandler: () => roomHandler };
}

function engine() {
  const clock = new Clock();
  const dma = new DmaEngine(1, clock, TEST_PROFILE.dma, 1518);
  const handler = clock.register(() => {});
  return { clock, dma, handler };
}

for (const kind of ["write", "read"] as const) {
  Deno.test(`DmaEngine forgets a ${kind} that was stalled when it is reset`, () => {
    const { clock, dma, handler } = engine();
    const asked: string[] = [];
    let open = false;
    const { fabric, roomHandler } = silentFabric(asked, () => open);
    dma.reset(fabric);
    dma[kind](HOST, 64, handler, 0);
    clock.run(LIMITS);
    assertEquals(asked, [], "no room");
    clock.reset();
    dma.reset(fabric);
    open = true;
    clock.at(10, roomHandler(), 1);
    clock.run(LIMITS);
    assertEquals(asked, [], "nothing was asked for since the reset");
    dma[kind](HOST, 128, handler, 0);
    clock.run(LIMITS);
    assertEquals([asked, dma.writesPending], [[`${kind} 128`], 0]);
  });
}

Deno.test("DmaEngine goes on with a write and with a read when it is told once that there is room", () => {
  const { clock, dma, handler } = engine();
  const asked: string[] = [];
  let open = false;
  const { fabric, roomHandler } = silentFabric(asked, () => open);
  dma.reset(fabric);
  dma.write(HOST, 64, handler, 0);
  dma.read(HOST, 64, handler, 0);
  clock.run(LIMITS);
  assertEquals(asked, [], "no room");
  open = true;
  clock.at(clock.now + 10, roomHandler(), 1);
  clock.run(LIMITS);
  assertEquals(asked, ["write 64", "read 64"]);
});

Deno.test("DmaEngine has as many reads under way as its profile says, and again after a reset", () => {
  const { clock, dma, handler } = engine();
  const asked: string[] = [];
  const { fabric } = silentFabric(asked, () => true);
  const { readsInFlight } = TEST_PROFILE.dma;
  for (let run = 0; run < 2; run++) {
    clock.reset();
    dma.reset(fabric);
    for (let i = 0; i < readsInFlight + 5; i++) dma.read(HOST, 16, handler, i);
    clock.run(LIMITS);
    assertEquals(asked.splice(0).length, readsInFlight, `run ${run}`);
  }
});

Deno.test("DmaEngine counts the time of its write server, once for each write", () => {
  const { clock, dma, handler } = engine();
  const { fabric } = silentFabric([], () => true);
  const { write64Ps, write128Ps, writePer128Ps } = TEST_PROFILE.dma;
  for (
    const [bytes, ps] of [
      [1, write64Ps],
      [64, write64Ps],
      [65, write128Ps],
      [128, write128Ps],
      [129, 2 * writePer128Ps],
      [256, 2 * writePer128Ps],
      [257, 3 * writePer128Ps],
      [1518, 12 * writePer128Ps],
    ] as const
  ) {
    clock.reset();
    dma.reset(fabric);
    dma.write(HOST, bytes, handler, 0);
    dma.write(HOST, bytes, handler, 0);
    clock.run(LIMITS);
    assertEquals([dma.writeBusyPs, clock.now], [2 * ps, 2 * ps], `${bytes} bytes`);
  }
});
