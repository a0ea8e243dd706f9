// Aim: VPP keeps every law and its own invariants, in every shape that its options give it.
import { conformance } from "../../properties/mod.ts";
import { vpp } from "./mod.ts";

conformance("vpp", vpp(), { numRuns: 200 });
