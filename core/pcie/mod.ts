/** What moves bytes between host and devices: the fabric and its three fidelities. */
export { CoarseFabric } from "./coarse.ts";
export { createFabric } from "./create.ts";
export {
  type CongestionAccount,
  type CreditAccount,
  type CreditClass,
  type Fabric,
  type FabricGeometry,
  type FabricProfile,
  type Fidelity,
  HOST,
  type LinkAccount,
} from "./fabric.ts";
export { TLP_LIMITS, TlpFabric, type TlpLimits } from "./tlp.ts";
export * from "./link/mod.ts";
