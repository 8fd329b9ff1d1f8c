import { createApp } from "vue";
import TipApp from "../pages/tip/TipApp.vue";
import "../field/field.css";
import { start } from "./state";

createApp(TipApp).mount("#app");
void start();
