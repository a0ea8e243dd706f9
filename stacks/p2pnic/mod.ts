/** P2PNIC, variant Wr. */
export { p2pnic, P2PNIC_POLICY } from "./stack.ts";
