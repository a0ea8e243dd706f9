// Aim: both profiles of l3fwd keep every law, each judged by what it declares.
import { conformance } from "../../properties/mod.ts";
import { l3fwd } from "./mod.ts";

conformance("dpdk l3fwd strict", l3fwd("strict"));
conformance("dpdk l3fwd faithful", l3fwd("faithful"), { numRuns: 500 });
