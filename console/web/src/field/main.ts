import { createApp } from "vue";
import FieldApp from "../pages/field/FieldApp.vue";
import { allowSound, quiet, watchOrders } from "./attention";
import { start } from "./state";
import "./field.css";

watchOrders();
createApp(FieldApp).mount("#app");
void start();

window.addEventListener("pointerdown", () => {
  allowSound();
  quiet();
}, { passive: true });

if ("serviceWorker" in navigator) {
  void navigator.serviceWorker.register("/field-sw.js", { scope: "/field" });
}
