// Aim: both profiles of l3fwd keep every law, each judged by what it declares, and so does the l3fwd of the
// P2PNIC paper on cards whose firmware stands between port and rings.
import { paperHost, paperMachine } from "../../fixtures/mod.ts";
import { conformance } from "../../properties/mod.ts";
import { l3fwd } from "./mod.ts";

conformance("dpdk l3fwd strict", l3fwd("strict"));
conformance("dpdk l3fwd faithful", l3fwd("faithful"), { numRuns: 500 });
conformance("dpdk l3fwd of the P2PNIC paper", l3fwd("strict", { burst: 8, drainUs: 0 }), {
  numRuns: 200,
  machine: paperMachine(paperHost),
});
