import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vitest/config";

// `npm run dev` serves the pages alone; everything else comes from a console that runs.
const console_ = "http://127.0.0.1:8600";

export default defineConfig({
  plugins: [vue()],
  // Three apps: the console, and the pages of officers and of the public, whose phones load nothing of it.
  build: {
    target: "es2022",
    chunkSizeWarningLimit: 1500,
    rolldownOptions: { input: ["index.html", "field.html", "tip.html"] },
  },
  test: { setupFiles: ["src/vitest.setup.ts"] },
  server: { proxy: { "/api": { target: console_, ws: true } } },
});
