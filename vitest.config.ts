import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import { ClosingLine } from './test/runner/closing-line.js'
import { inCi, missingFor, projectNames, type ProjectName } from './test/runner/projects.js'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const roots = '{src,test,web}'
const templates = './test/runner/template-databases.ts'

/** Which files are a project's, and what they are given. A file's name says what it needs. */
const projects: Record<ProjectName, TestProjectInlineConfiguration['test']> = {
  unit: {
    include: [`${roots}/**/*.test.ts`],
    exclude: [`${roots}/**/*.{db,service,servers,browser,slow}.test.ts`],
  },
  db: {
    include: [`${roots}/**/*.db.test.ts`],
    globalSetup: templates,
    env: { KEFU_TEST_STORES: 'local' },
  },
  service: {
    include: [`${roots}/**/*.service.test.ts`, 'examples/**/*.test.ts'],
    globalSetup: templates,
    env: { KEFU_TEST_STORES: 'local' },
  },
  servers: {
    include: [`${roots}/**/*.{db,servers}.test.ts`],
    globalSetup: templates,
    env: { KEFU_TEST_STORES: 'servers' },
  },
  browser: {
    include: [`${roots}/**/*.browser.test.ts`],
    globalSetup: [templates, './test/runner/pages.ts'],
    env: { KEFU_TEST_STORES: 'all' },
    // A Chromium keeps a core busy by itself, and shares it with the service that it talks to.
    maxWorkers: availableParallelism(),
    sequence: { groupOrder: 1 },
    // In CI eight hundred tests share a browser; one that passes only the second time is named in the last lines.
    retry: inCi ? 1 : 0,
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
  slow: {
    include: [`${roots}/**/*.slow.test.ts`],
    // Work is counted there, and V8 counts it only in modules that nobody loaded before.
    isolate: true,
    globalSetup: templates,
    env: { KEFU_TEST_STORES: 'all' },
  },
}

/** In CI all of them; elsewhere those that this machine has what they need for. */
const runnable = await Promise.all(projectNames.map(async (name) => inCi || !(await missingFor(name))))

export default defineConfig({
  resolve: {
    alias: [
      { find: /^kefu$/, replacement: at('./src/index.ts') },
      { find: /^kefu\/wechat$/, replacement: at('./src/wechat/index.ts') },
      { find: /^kefu\/emulator$/, replacement: at('./src/emulator/index.ts') },
    ],
  },
  test: {
    // Most tests wait for something most of the time, so a core more than there is keeps them all busy.
    maxWorkers: availableParallelism() + 1,
    // Files of a project share a worker's modules: nothing in the sources is kept in a module.
    isolate: false,
    // Patience costs nothing where a test passes; a machine that does other things, too, is slow, and in CI a
    // property has twenty times as many runs.
    testTimeout: inCi ? 300_000 : 40_000,
    expect: { poll: { timeout: 10_000 } },
    hookTimeout: 60_000,
    setupFiles: ['./test/runner/property-setup.ts'],
    reporters: ['default', new ClosingLine()],
    coverage: { include: ['src/**'], exclude: ['src/**/*.test.ts', 'src/**/*.test-d.ts'] },
    projects: projectNames
      .filter((_, i) => runnable[i])
      .map((name) => ({
        extends: true,
        // Tests of components are of this project only.
        plugins: name === 'unit' ? [vue()] : [],
        test: { name, ...projects[name] },
      })),
  },
})
