/** The machine that a stack is put on unless its author names another. */
import type { MachineProfile } from "../../core/machine/profile.ts";
import { TEST_PROFILE } from "../../core/machine/_profile_for_tests.ts";

/** The default machine of conformance runs. */
export const DEFAULT_MACHINE: MachineProfile = TEST_PROFILE;
