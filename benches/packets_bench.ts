import { register } from "./register.ts";
import { packets } from "./packets.ts";

register(packets());
