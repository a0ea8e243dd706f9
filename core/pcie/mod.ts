/** What moves bytes between host and devices: the fabric and its three fidelities. */
export {
  ackIntervalSymbols,
  creditGbps,
  type CreditLoop,
  type LinkBytes,
  payloadGbps,
  type PcieGeneration,
  pcieRawGbps,
  type PcieSetup,
  pcieTlpGbps,
  readBytes,
  type TlpOverheads,
  tlpOverheads,
  writeBytes,
} from "./bandwidth.ts";
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
export { HELD, LATE_PS, LateFabric, LOST, type WriteMeaning } from "./late_fabric.ts";
export { MemoryFabric } from "./memory_fabric.ts";
export {
  nicBytes,
  type NicDirection,
  nicGbps,
  type NicKind,
  type NicModel,
} from "./nic_bandwidth.ts";
export { UPDATE_LATE_PS } from "./_credits.ts";
export { TLP_LIMITS, TlpFabric, type TlpLimits } from "./tlp.ts";
export * from "./link/mod.ts";
