import { model } from "./model.ts";
import { register } from "./register.ts";

register(model());
