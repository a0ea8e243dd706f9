// Aim: the kernel's path keeps every law, today's and the one that copies, and also where its limits are so low
// that few packets meet them: a queue of three, rounds of eight packets.
import { conformance } from "../../properties/mod.ts";
import { linuxNapi } from "./mod.ts";

conformance("linux-napi", linuxNapi());
conformance("linux-napi legacy", linuxNapi({ profile: "legacy" }), { numRuns: 200 });
conformance("linux-napi with low limits", linuxNapi({ txqueuelen: 3, budget: 8 }), {
  numRuns: 250,
  geometry: { txRing: 8 },
});
// every address of its own in 192.0.2.0/24; packets of more than 576 bytes that must not be cut come back
conformance(
  "linux-napi with addresses",
  linuxNapi({ addresses: [0xc0000201, 0xc0000202, 0xc0000203, 0xc0000204], mtu: 576 }),
  { numRuns: 150 },
);
