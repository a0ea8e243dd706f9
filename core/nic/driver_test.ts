// Aim: each of the four things that a driver does with a descriptor leaves it as the device has to find it, and
// changes the owner of its buffer once.
// Method: every field of a descriptor before and after; wrong orders are named by the ledger.
import { assertEquals } from "@std/assert";
import { Observation } from "../machine/observation.ts";
import { Ledger } from "../memory/ledger.ts";
import { Memory } from "../memory/memory.ts";
import { bareContext } from "./_hand_device_for_tests.ts";
import { postEmpty, postFull, takeReceived, takeSent } from "./driver.ts";
import { DescriptorRing } from "./rings.ts";

const SLOT = 3;
const BUFFER = 2;

function rig() {
  const memory = new Memory(4);
  const observation = new Observation();
  observation.reset(1, "coarse");
  const [driver, place] = [observation.addPlace("driver"), observation.addPlace("ring")];
  const ledger = memory.ledger = new Ledger(memory, observation, () => 50);
  memory.region("pool", 0, 4);
  const ring = new DescriptorRing(8);
  ring.reset(8, place);
  // what a former turn of the ring may have left
  ring.done[SLOT] = 1;
  ring.reportStatus[SLOT] = 1;
  const descriptor = () => [ring.buffer[SLOT], ring.done[SLOT], ring.reportStatus[SLOT]];
  const kinds = () => observation.faults.map(({ kind }) => kind);
  const cpu = bareContext();
  cpu.begin(70);
  return { memory, observation, ledger, ring, driver, place, cpu, descriptor, kinds };
}

Deno.test("postEmpty hands a buffer over with a clear done bit; takeReceived takes it back and clears it again", () => {
  const { memory, observation: o, ledger, ring, driver, place, descriptor, kinds } = rig();
  ledger.alloc(BUFFER, driver);
  postEmpty(memory, ring, SLOT, BUFFER);
  assertEquals(descriptor().slice(0, 2), [BUFFER, 0]);
  assertEquals(ledger.holder[BUFFER], place);
  ledger.enter(0, 1, driver);
  ledger.moved(1, BUFFER);
  ring.done[SLOT] = 1;
  assertEquals(takeReceived(memory, ring, SLOT, driver), BUFFER);
  assertEquals([ring.done[SLOT], ledger.holder[BUFFER], o.seenAt[0]], [0, driver, 50]);
  assertEquals(kinds(), []);
  takeReceived(memory, ring, SLOT, driver);
  assertEquals(kinds(), ["completed-unposted"], "once is enough");
});

Deno.test("postFull hands a frame over with its report bit; takeSent takes it back and empties the descriptor", () => {
  for (const report of [true, false]) {
    const { memory, observation: o, ledger, ring, driver, place, cpu, descriptor, kinds } = rig();
    ledger.enter(0, BUFFER, driver);
    postFull(memory, ring, SLOT, BUFFER, report, cpu);
    assertEquals(descriptor(), [BUFFER, 0, report ? 1 : 0]);
    assertEquals([ledger.holder[BUFFER], o.txAt[0]], [place, 70]);
    ring.done[SLOT] = 1;
    cpu.begin(90);
    assertEquals(takeSent(memory, ring, SLOT, driver, cpu), BUFFER);
    assertEquals(descriptor().slice(0, 2), [-1, 0]);
    assertEquals([ledger.holder[BUFFER], o.doneAt[0], kinds().length], [driver, 90, 0]);
  }
});

Deno.test("postEmpty and postFull of a buffer that is free or posted already are named", () => {
  const { memory, ledger, ring, driver, cpu, kinds } = rig();
  postEmpty(memory, ring, SLOT, BUFFER);
  postFull(memory, ring, SLOT, BUFFER, true, cpu);
  ledger.alloc(BUFFER, driver);
  postEmpty(memory, ring, SLOT, BUFFER);
  postFull(memory, ring, SLOT, BUFFER, true, cpu);
  assertEquals(kinds(), ["use-after-free", "use-after-free", "posted-twice"]);
});
