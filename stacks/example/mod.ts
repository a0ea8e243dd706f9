/** A forwarder of thirty lines, to begin from. */
export { forwarder } from "./forwarder.ts";
