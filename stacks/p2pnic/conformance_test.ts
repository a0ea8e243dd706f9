// Aim: P2PNIC-Wr keeps every law.
import { conformance } from "../../properties/mod.ts";
import { p2pnic } from "./mod.ts";

conformance("p2pnic", p2pnic());
