/** P2PNIC: variants Wr, Rd and Bn. */
export type { P2pnicOptions, P2pnicTable, P2pnicVariant } from "./options.ts";
export { p2pnic, P2PNIC_POLICY } from "./stack.ts";
