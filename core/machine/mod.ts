/** Machines in virtual time, what is offered to them, and what is seen of a run. */
export {
  type AsyncEnv,
  type AsyncForwarder,
  asyncForwarder,
  type AsyncForwarderOptions,
  type AsyncHandler,
  type AsyncPacket,
} from "./async_forwarder.ts";
export {
  type AsyncDevice,
  type DeviceUnderTest,
  type Evidence,
  type Geometry,
  RunFailure,
  type RunFailureKind,
  type Scenario,
  type Setup,
} from "./device.ts";
export { FlatOut, type FlatOutInput } from "./flat_out.ts";
export { buffersFor, PollLoops, type PollLoopsInput } from "./poll_loops.ts";
export type { Hardware } from "./hardware.ts";
export { ARRIVAL_MAX_PS, ScenarioError } from "./check.ts";
export { Machine } from "./machine.ts";
export { DRAWN_MAXIMA, maximaFor, SCENARIO_MAXIMA } from "./sizes.ts";
export {
  emptyCounters,
  FATE,
  type Fault,
  type FaultKind,
  GENERATED,
  type Held,
  type LcoreAccount,
  Observation,
  type Place,
  type PoolAccount,
  type PortCounters,
  type RingAccount,
} from "./observation.ts";
export type { HostPathProfile, MachineProfile } from "./profile.ts";
export type { Neighbours, Repeat, RouteSet, SpecialHop, Traffic } from "./scenario.ts";
export { groupsOf } from "./scenario_table.ts";
export { Testbed, testbed } from "./testbed.ts";
export type { TestbedOptions } from "./testbed_options.ts";
