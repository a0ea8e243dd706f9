/** Linux: the kernel's IPv4 forwarding path with NAPI over an ixgbe. */
export { LINUX_POLICY, linuxNapi } from "./stack.ts";
export type { LinuxCommand, LinuxNapiOptions } from "./options.ts";
export { LINUX_VIEWS, type LinuxView, linuxView } from "./views.ts";
export type { LinuxProfile } from "../../core/linux/costs.ts";
