/** PCI Express down to the data link layer, on any topology. */
export {
  benchPcie,
  PCIE_BENCH_BYTES_MAX,
  PCIE_NO_ENGINE,
  type PcieBenchRow,
  type PcieBenchSetup,
  type PcieEngine,
} from "./bench.ts";
export { LinkFabric } from "./fabric.ts";
export { type PcieAttributes, PcieModel } from "./model.ts";
export {
  ENDPOINT_BUFFERS,
  type Generation,
  PCIE_DEFAULTS,
  type PcieBuffers,
  type PcieCredits,
  type PcieLatency,
  type PcieLink,
  type PcieMutant,
  type PcieNode,
  type PcieOptions,
  pcieOptions,
  type PciePool,
  pcieStar,
  SWITCH_BUFFERS,
} from "./options.ts";
export { PCIE_SWITCHES_MAX, type PciePath, pciePath } from "./path.ts";
export { type PcieClock } from "./_clock.ts";
export { type PcieSent } from "./_data_link.ts";
export { type PcieCreditAccount } from "./_flow_control.ts";
export { type PcieChoices } from "./_dllps.ts";
export { type PcieStatus } from "./_tlp.ts";
export {
  type PcieDirection,
  type PcieEvent,
  type PcieEventKind,
  type PcieLedger,
  type PcieTlp,
} from "./trace.ts";
