import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig, type UserConfig } from 'vite'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** How one page of web/ is built into dist/web/. Paths in it are relative, so that it can be served below any prefix. */
function page(name: 'phone' | 'desk'): UserConfig {
  return {
    root: at(`./web/${name}`),
    base: './',
    plugins: [vue()],
    define: { __VUE_OPTIONS_API__: 'false' },
    build: {
      outDir: at(`./dist/web/${name}`),
      emptyOutDir: true,
      target: 'es2022',
      // A Content-Security-Policy of 'self' wants styles and pictures in files; the preload polyfill is for older browsers.
      assetsInlineLimit: 0,
      cssCodeSplit: false,
      modulePreload: { polyfill: false },
    },
    server: { host: '127.0.0.1' },
  }
}

/** `vite build --mode desk` or `--mode phone`; `npm run dev` serves one of them with what it talks to. */
export default defineConfig(({ mode }) => page(mode === 'desk' ? 'desk' : 'phone'))
