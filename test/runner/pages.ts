import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Once a run: both pages as their sources are now. */
export default async function setup(): Promise<void> {
  for (const name of ['phone', 'desk'] as const) await buildPage(name)
}

/** Sees to it that dist/web has the page as its sources are now. */
export async function buildPage(name: 'phone' | 'desk'): Promise<void> {
  const built = join(root, 'dist', 'web', name)
  const source = join(root, 'web', name)
  if (
    changedAt(join(built, 'index.html')) >
    Math.max(
      newest(source),
      newest(join(root, 'web', 'both')),
      newest(join(root, 'src', 'protocol')),
      changedAt(join(root, 'vite.config.ts')),
    )
  )
    return
  // Built aside, then put in place: somebody else may be reading the page, or building it too.
  mkdirSync(join(root, 'dist', 'web'), { recursive: true })
  const aside = mkdtempSync(join(root, 'dist', `web-${name}-`))
  const [next, last] = [join(aside, 'next'), join(aside, 'last')]
  // As `npm run build:web` does, and not in this process: it is in test mode, and so the page would be.
  const vite = join(dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin', 'vite.js')
  try {
    await promisify(execFile)(
      process.execPath,
      [vite, 'build', '--mode', name, '--logLevel', 'warn', '--outDir', next],
      { cwd: root, env: { ...process.env, NODE_ENV: 'production' } },
    )
    if (existsSync(built)) renameSync(built, last)
    renameSync(next, built)
  } catch (error) {
    // Somebody else's, of the same sources, may be there now.
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
