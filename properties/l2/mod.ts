/** Laws of learning bridges. */
export {
  BRIDGE_LAWS,
  type BridgeFault,
  type BridgeFrame,
  type BridgeLaw,
  type BridgeUnderTest,
} from "./bridge.ts";
export { type BridgeCheckOptions, type BridgeResult, checkBridge } from "./check.ts";
