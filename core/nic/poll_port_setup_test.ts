// Aim: the poll-mode driver refuses, in words, every set-up that the ixgbe driver refuses. Method: one example
// for each rule, and every ring that the default thresholds are for.
import { assertEquals, assertThrows } from "@std/assert";
import { COSTS, handPort } from "./_hand_device_for_tests.ts";
import { PollPort } from "./poll_port.ts";
import { type Thresholds, thresholdsFor } from "./thresholds.ts";

Deno.test("PollPort set-up refuses what the driver refuses", () => {
  const right = { rxFreeThresh: 32, txRsThresh: 32, txFreeThresh: 32 };
  const refused: [{ rx: number; tx: number }, Partial<Thresholds>, string][] = [
    [{ rx: 64, tx: 64 }, { rxFreeThresh: 24 }, "rx_free_thresh 24 must divide the ring of 64"],
    [{ rx: 64, tx: 64 }, { rxFreeThresh: 0 }, "rx_free_thresh 0 must divide"],
    [{ rx: 64, tx: 64 }, { rxFreeThresh: 64 }, "and be at most 32"],
    [{ rx: 64, tx: 128 }, { txRsThresh: 0 }, "tx_rs_thresh 0 must divide the ring of 128"],
    [{ rx: 64, tx: 128 }, { txRsThresh: 24 }, "tx_rs_thresh 24 must divide"],
    [{ rx: 64, tx: 128 }, { txRsThresh: 64 }, "at most tx_free_thresh 32"],
    [{ rx: 64, tx: 128 }, { txFreeThresh: 125 }, "tx_free_thresh 125, which must be below ring"],
    [{ rx: 64, tx: 128 }, { txRsThresh: 1, txFreeThresh: 125 }, "must be below ring - 3"],
    [{ rx: 64, tx: 64 }, { txFreeThresh: 33 }, "tx_rs_thresh 32 must divide the ring of 64"],
  ];
  for (const [sizes, change, message] of refused) {
    assertThrows(
      () => handPort(sizes, { ...right, ...change }, 200, 1),
      RangeError,
      message,
      JSON.stringify(change),
    );
  }
  handPort({ rx: 64, tx: 128 }, { ...right, txFreeThresh: 96 }, 200, 1);
});

Deno.test("PollPort set-up says how far the pool went", () => {
  assertThrows(
    () => handPort({ rx: 64, tx: 64 }, { rxFreeThresh: 8, txRsThresh: 8, txFreeThresh: 8 }, 40, 1),
    RangeError,
    "Cannot fill the receive ring of port 0: mempool mempool is empty after 40 of 64 buffers",
  );
});

Deno.test("PollPort names a cost that the profile lacks", () => {
  const { device, memory, pool } = handPort({ rx: 8, tx: 8 }, thresholdsFor(8, 8), 20, 1);
  const { "pmd.tx.burst": _, ...costs } = COSTS;
  assertThrows(
    () => new PollPort(0, device, 1, memory, pool, thresholdsFor(8, 8), costs, [0]),
    RangeError,
    'Cannot set up a poll-mode port: there is no cost "pmd.tx.burst"',
  );
});

Deno.test("thresholdsFor gives what set-up accepts for every ring of 8 and above", () => {
  for (let rx = 8; rx <= 256; rx *= 2) {
    for (let tx = 8; tx <= 256; tx *= 2) handPort({ rx, tx }, thresholdsFor(rx, tx), 600, 1);
  }
  assertEquals(thresholdsFor(512, 512), { rxFreeThresh: 32, txRsThresh: 32, txFreeThresh: 32 });
  const small = (ring: number) => Object.values(thresholdsFor(ring, ring));
  assertEquals([8, 16, 32, 64, 128].map(small), [
    [4, 2, 2],
    [8, 4, 4],
    [16, 8, 8],
    [32, 16, 16],
    [32, 32, 32],
  ]);
});
