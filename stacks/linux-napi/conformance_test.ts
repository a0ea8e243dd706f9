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
