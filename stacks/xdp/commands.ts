/**
 * An administrator's shell: a process on CPU 0 that runs each command when its time has come. A frame sees the program
 * and the maps of before or of after a change, never half of it: what RCU and xchg give in the kernel, a body of the
 * model gives by not being interrupted.
 */
import type { LoadedObject } from "../../core/bpf/mod.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import type { XdpDevices } from "./devices.ts";
import type { XdpCommand } from "./options.ts";

/**
 * Starts the process; with nothing to do there is none.
 * @throws {RangeError} when a command names a program or a next hop that is not there
 */
export function startShell(
  env: Env,
  devices: XdpDevices,
  loaded: LoadedObject,
  commands: readonly XdpCommand[],
): void {
  if (commands.length === 0) return;
  for (const command of commands) checkCommand(env, loaded, command);
  const mhz = env.cost("mhz");
  let next = 0;
  env.spawn(0, "thread", (cpu: Cpu) => {
    // the instant of the deadline may read as the cycle before it
    const now = cpu.tsc() + 1;
    for (; next < commands.length && commands[next]!.atUs * mhz <= now; next++) {
      execute(devices, loaded, commands[next]!);
    }
    cpu.sleep();
    if (next < commands.length) cpu.wakeAt(commands[next]!.atUs * mhz);
    return 1;
  });
}

function execute(devices: XdpDevices, loaded: LoadedObject, command: XdpCommand): void {
  const { fib } = devices.kernel.ip;
  if ("attach" in command) {
    const program = command.attach === null ? null : loaded.programs.get(command.attach)!;
    for (const device of devices.list) {
      if (command.port === undefined || command.port === device.port) device.program = program;
    }
  } else if ("maps" in command) command.maps(loaded.maps);
  else if (command.route === "del") fib.delete(command.prefix, command.depth);
  else fib.add(command.prefix, command.depth, command.nextHop);
}

function checkCommand(env: Env, { programs }: LoadedObject, command: XdpCommand): void {
  if ("attach" in command && command.attach !== null && !programs.has(command.attach)) {
    throw new RangeError(
      `Cannot boot xdp: a command attaches ${command.attach}, which is not there`,
    );
  }
  if (!("route" in command) || command.route === "del") return;
  if (command.nextHop >= 0 && command.nextHop < env.neighbours.count) return;
  throw new RangeError(
    `Cannot boot xdp: a command names next hop ${command.nextHop} of ${env.neighbours.count}`,
  );
}
