// Aim: a device finds the next hops that it is set up for by ARP, each on its own port, and nobody else; its own claims
// to an address are not disputed. Method: requests written by hand.
import { assertEquals } from "@std/assert";
import { ArpAnswers } from "./arp_answers.ts";

const DEVICE = [2, 0, 0, 0, 0, 9];
/** 10.0.0.2 on port 0; and on port 1 whatever is in 10.1.0.0/16. */
const arp = new ArpAnswers({
  routes: {
    count: 2,
    prefix: Uint32Array.of(0x0a000000, 0x0a010000),
    depth: Uint8Array.of(24, 16),
    nextHop: Uint32Array.of(0, 1),
  },
  neighbours: {
    count: 2,
    port: Uint8Array.of(0, 1),
    mac: Uint8Array.of(2, 1, 0, 0, 0, 0, 2, 1, 0, 0, 0, 1),
    portMac: new Uint8Array(12),
  },
  hopAddresses: [0x0a000002, null],
});

/** What is answered to an ARP message of the device; null where it is none. */
function answer(
  port: number,
  target: readonly number[],
  sender: readonly number[],
  operation = 1,
): number[] | null {
  const bytes = new Uint8Array(63);
  bytes.set([255, 255, 255, 255, 255, 255, ...DEVICE, 8, 6, 0, 1, 8, 0, 6, 4, 0, operation], 3);
  bytes.set([...DEVICE, ...sender, 0, 0, 0, 0, 0, 0, ...target], 25);
  const reply = arp.answer(port, bytes, 3, 60);
  return reply === null ? null : [...reply];
}

const OWN = [10, 1, 0, 1];

Deno.test("ArpAnswers answers for a next hop's own address, and for all that one stands for, on its port", () => {
  const rows = [[0, [10, 0, 0, 2], 0], [1, [10, 1, 7, 7], 1]] as const;
  for (const [port, target, hop] of rows) {
    const mac = [2, 1, 0, 0, 0, hop];
    const head = [...DEVICE, ...mac, 8, 6, 0, 1, 8, 0, 6, 4, 0, 2];
    const expected = [...head, ...mac, ...target, ...DEVICE, ...OWN];
    assertEquals(answer(port, target, OWN), [...expected, ...new Array<number>(18).fill(0)]);
    assertEquals(answer(1 - port, target, OWN), [], "on the other port");
  }
  assertEquals(answer(0, [10, 0, 0, 3], OWN), []);
});

Deno.test("ArpAnswers contradicts no device that tells that it has an address, and answers one that has none", () => {
  assertEquals(answer(1, OWN, OWN), [], "an announcement");
  for (const sender of [[10, 1, 0, 2], [0, 0, 0, 0]]) {
    assertEquals(answer(1, OWN, sender)!.length, 60, `${sender}`);
  }
});

Deno.test("ArpAnswers takes replies and leaves other operations and other frames to whom they concern", () => {
  assertEquals(answer(0, [10, 0, 0, 2], OWN, 2), []);
  assertEquals(answer(0, [10, 0, 0, 2], OWN, 3), null);
  assertEquals(arp.answer(0, new Uint8Array(60), 0, 60), null);
});
