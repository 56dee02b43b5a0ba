import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { chromium, type Browser, type Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

const named = process.env['CHROMIUM_PATH']
const usual = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** Where a Chromium is on this machine: CHROMIUM_PATH, or a usual place; undefined when there is none. */
export const chromiumPath: string | undefined = (named ? [named] : usual).find((path) => existsSync(path))

const howToGetOne =
  'The browser tests need a Chromium. Debian: apt-get install chromium fonts-noto-cjk. Elsewhere: set CHROMIUM_PATH.'

/** Tests in a real Chromium: skipped, aloud, where there is none; in CI that is a failure. */
export function describeInBrowser(name: string, tests: () => void): void {
  if (chromiumPath !== undefined) describe(name, tests)
  else if (process.env['CI'])
    describe(name, () => {
      it('has a Chromium to run in', () => {
        expect.fail(howToGetOne)
      })
    })
  else {
    console.warn(`\n${howToGetOne}\nSkipped: ${name}\n`)
    describe.skip(name, tests)
  }
}

/** A Chromium that talks to nobody by itself. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    ...(chromiumPath === undefined ? {} : { executablePath: chromiumPath }),
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/** Sees to it that dist/web has the page as its sources are now. */
export async function buildPage(name: 'phone' | 'desk'): Promise<void> {
  const built = join(root, 'dist', 'web', name)
  const source = join(root, 'web', name)
  if (
    changedAt(join(built, 'index.html')) >
    Math.max(newest(source), newest(join(root, 'web', 'both')), changedAt(join(root, 'vite.config.ts')))
  )
    return
  // Built aside, then put in place: another test may be reading the page, or building it too.
  mkdirSync(join(root, 'dist', 'web'), { recursive: true })
  const aside = mkdtempSync(join(root, 'dist', `web-${name}-`))
  const [next, last] = [join(aside, 'next'), join(aside, 'last')]
  // As `npm run build:web` does, and not in this process: it is in test mode, and so the page would be.
  const vite = join(dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin', 'vite.js')
  await promisify(execFile)(
    process.execPath,
    [vite, 'build', '--mode', name, '--logLevel', 'warn', '--outDir', next],
    {
      cwd: root,
      env: { ...process.env, NODE_ENV: 'production' },
    },
  )
  try {
    if (existsSync(built)) renameSync(built, last)
    renameSync(next, built)
  } catch (error) {
    // Somebody else's, of the same sources, is there now.
    if (!existsSync(join(built, 'index.html'))) throw error
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

function newest(folder: string): number {
  return Math.max(
    ...readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
      .map((entry) => changedAt(join(entry.parentPath, entry.name))),
  )
}

function changedAt(path: string): number {
  return existsSync(path) ? statSync(path).mtimeMs : -Infinity
}

/** What axe finds serious or worse on the page as it is, each as `rule: element, element`. */
export async function seriousViolations(browserPage: Page): Promise<string[]> {
  // As the developer tools would, past the page's Content-Security-Policy.
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  const violations = await browserPage.evaluate<string[]>(`${axe};
    axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 160)).join(', ')))`)
  return violations
}
