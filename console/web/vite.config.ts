import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vitest/config";

// `npm run dev` serves the pages alone; everything else comes from a console that runs.
const console_ = "http://127.0.0.1:8600";

export default defineConfig({
  plugins: [vue()],
  // Two apps: the console, and the officer's page, whose phone loads nothing of the console.
  build: {
    target: "es2022",
    chunkSizeWarningLimit: 1500,
    rolldownOptions: { input: ["index.html", "field.html"] },
  },
  test: { setupFiles: ["src/vitest.setup.ts"] },
  server: { proxy: { "/api": { target: console_, ws: true } } },
});
