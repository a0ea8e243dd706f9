/**
 * The machine that a stack is put on unless its author names another: the P2PNIC paper's forwarder
 * host.
 */
import type { MachineProfile } from "../../core/machine/profile.ts";
import { machineProfile, paperHost } from "../../fixtures/machines/mod.ts";

/** The default machine of conformance runs. */
export const DEFAULT_MACHINE: MachineProfile = machineProfile(paperHost);
