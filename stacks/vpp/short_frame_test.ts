// Aim: what a buffer has behind the end of a frame has no say in what becomes of it. Method: frames too short for the tag
// that their type promises, as a TAP device or a packet socket hands them over, with one behind their end that somebody
// else's frame left there; the drivers are rings moved by hand.
import { assertEquals } from "@std/assert";
import {
  buffersFor,
  createFib4,
  DescriptorRing,
  Memory,
  PollLoops,
  REASON,
  type Reason,
} from "../../core/mod.ts";
import { pushVlan, writeUdpFrame } from "../../core/packet/mod.ts";
import { IF0 } from "./_rig_for_tests.ts";
import { vpp } from "./mod.ts";

const RING = 64;
const VLAN = 100;

/** Reason of the drop of the first `length` bytes of a frame with a tag; all of it lies in the buffer. */
function reasonOf(length: number): Reason[] {
  const devices = [0, 1].map(() => {
    const [rx, tx] = [new DescriptorRing(RING), new DescriptorRing(RING)];
    for (const ring of [rx, tx]) ring.reset(RING, -1);
    return { rx: [rx], tx: [tx], rxTail() {}, txTail() {}, rxStop() {}, irqEnable() {} };
  });
  const memory = new Memory(buffersFor(2, RING));
  const reasons: Reason[] = [];
  const loops = new PollLoops(vpp({ startup: [`create sub-interfaces ${IF0} ${VLAN}`] }), {
    devices,
    ring: RING,
    memory,
    fib: createFib4("dir24-8", { firstBits: 8, groups: 1, maxRules: 1 }),
    neighbours: {
      count: 0,
      port: new Uint8Array(0),
      mac: new Uint8Array(0),
      portMac: new Uint8Array(12),
    },
    mhz: 1000,
    onDrop: (reason) => void reasons.push(reason),
  });
  const whole = new Uint8Array(100);
  const addresses = { dstMac: 0, srcMac: 9, src: 0x0a090909, dst: 0x0a010203 };
  const end = writeUdpFrame(whole, 4, { ...addresses, srcPort: 1, dstPort: 2 });
  const at = pushVlan(whole, 4, 0x8100, VLAN);
  const ring = devices[0]!.rx[0]!;
  const b = ring.buffer[0]!;
  memory.bytes.set(whole.subarray(at, 4 + end), memory.offset[b]!);
  memory.length[b] = length;
  ring.done[0] = 1;
  for (let turn = 0; turn < 10; turn++) loops.turn(turn * 1e9);
  return reasons;
}

Deno.test("vpp: a tag behind the end of a frame is none", () => {
  // with the tag whole, it is a packet that no route leads anywhere
  assertEquals(reasonOf(60), [REASON["no-route"]]);
  for (const length of [14, 15, 16, 17]) {
    assertEquals(reasonOf(length), [REASON["not-ip"]], `${length} bytes`);
  }
});
