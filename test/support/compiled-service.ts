import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sourceFiles, transpile } from '../../scripts/transpile.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const cache = join(root, 'node_modules', '.cache', 'kefu')

/**
 * The command `kefu` as JavaScript of the sources as they are now: its processes start in a fraction of the time
 * that compiling on the way takes. Made once, and kept until a source changes.
 */
export async function compiledCli(): Promise<string> {
  const folder = join(cache, fingerprint())
  const cli = join(folder, 'dist', 'server', 'cli.js')
  if (existsSync(cli)) return cli
  mkdirSync(cache, { recursive: true })
  // Made aside, then put in place: another worker may be at it, too.
  const aside = mkdtempSync(join(cache, 'aside-'))
  await transpile(join(aside, 'dist'))
  for (const name of ['package.json', 'assets']) symlinkSync(join(root, name), join(aside, name))
  symlinkSync(join(root, 'dist', 'web'), join(aside, 'dist', 'web'))
  try {
    renameSync(aside, folder)
  } catch (error) {
    rmSync(aside, { recursive: true, force: true })
    if (!existsSync(cli)) throw error
  }
  return cli
}

function fingerprint(): string {
  const hash = createHash('sha256')
  for (const path of sourceFiles()) {
    const { mtimeMs, size } = statSync(path)
    hash.update(`${path} ${mtimeMs} ${size}\n`)
  }
  return hash.digest('hex').slice(0, 16)
}
