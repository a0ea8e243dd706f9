/** The machine that a stack is put on unless its author names another: the host of the P2PNIC paper. */
import type { MachineProfile } from "../../core/machine/profile.ts";
import { machineProfile } from "../../fixtures/machines/machine_profile.ts";
import { paperHost } from "../../fixtures/machines/p2pnic_paper_host.ts";

/** The default machine of conformance runs. */
export const DEFAULT_MACHINE: MachineProfile = machineProfile(paperHost);
