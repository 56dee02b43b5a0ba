import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig, type UserConfig } from 'vite'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** How one page of web/ is built into dist/web/. Paths in it are relative, so that it can be served below any prefix. */
function page(name: 'phone'): UserConfig {
  return {
    root: at(`./web/${name}`),
    base: './',
    plugins: [vue()],
    define: { __VUE_OPTIONS_API__: 'false' },
    build: {
      outDir: at(`./dist/web/${name}`),
      emptyOutDir: true,
      target: 'es2022',
      // A Content-Security-Policy of 'self' wants styles in files, and the preload polyfill is for older browsers.
      cssCodeSplit: false,
      modulePreload: { polyfill: false },
    },
    // For `vite` in development, beside `kefu emulate`.
    server: { host: '127.0.0.1', proxy: { '/_emulator': 'http://127.0.0.1:3001' } },
  }
}

export default defineConfig(page('phone'))
