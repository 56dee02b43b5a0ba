import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  resolve: {
    alias: [
      { find: /^kefu$/, replacement: at('./src/index.ts') },
      { find: /^kefu\/wechat$/, replacement: at('./src/wechat/index.ts') },
      { find: /^kefu\/emulator$/, replacement: at('./src/emulator/index.ts') },
    ],
  },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts', 'web/**/*.test.ts'],
    // Patience costs nothing where a test passes; a machine that does other things, too, is slow.
    testTimeout: 40_000,
    expect: { poll: { timeout: 10_000 } },
    hookTimeout: 60_000,
    coverage: { include: ['src/**'], exclude: ['src/**/*.test.ts', 'src/**/*.test-d.ts'] },
  },
})
