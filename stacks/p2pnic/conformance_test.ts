// Aim: every variant of P2PNIC keeps every law.
import { conformance } from "../../properties/mod.ts";
import { p2pnic } from "./mod.ts";

conformance("p2pnic", p2pnic());
conformance("p2pnic-rd", p2pnic({ variant: "rd" }), { numRuns: 300 });
conformance("p2pnic-bn", p2pnic({ variant: "bn" }), { numRuns: 300 });
