/** Laws, scenarios and diagrams of the link-level PCIe model. */
export { arbitraryPcieScenario, pcieDirections } from "./arbitrary.ts";
export { type LadderOptions, pcieLadder, pcieLadderSvg } from "./ladder.ts";
export { type PcieLaw, type PcieRun, type PcieVerdict } from "./law.ts";
export { judgePcie, PCIE_LAWS } from "./laws.ts";
export { type PcieOperation, type PcieScenario, runPcie } from "./scenario.ts";
