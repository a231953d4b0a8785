import { defineConfig } from 'vite';

/** One script, one style sheet, nothing inlined: the page's policy allows nothing else. */
export default defineConfig({
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: false, sourcemap: false },
});
