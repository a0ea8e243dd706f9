import { register } from "./register.ts";
import { forwarders } from "./forwarders.ts";

register(forwarders());
