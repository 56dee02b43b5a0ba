import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { transformWithOxc } from 'vite'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The service as JavaScript, in a folder of its own, so that a process of it starts as fast as an installed one. */
export interface Compiled {
  readonly cli: string
  /** To be preloaded into each process. */
  readonly crashPoint: string
  remove(): void
}

/** Compiles src/ file by file, without checking types, which `npm run types` does. */
export async function compile(): Promise<Compiled> {
  const folder = mkdtempSync(join(tmpdir(), 'kefu-compiled-'))
  writeFileSync(join(folder, 'package.json'), readFileSync(join(root, 'package.json')))
  for (const name of ['node_modules', 'assets']) symlinkSync(join(root, name), join(folder, name))
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  for (const file of files.filter((name) => /(?<!\.test|\.test-d|\.d)\.ts$/.test(name))) {
    const source = readFileSync(join(root, 'src', file), 'utf8')
    const target = join(folder, 'dist', file.replace(/\.ts$/, '.js'))
    mkdirSync(dirname(target), { recursive: true })
    const { code } = await transformWithOxc(source, file, { sourcemap: false })
    writeFileSync(target, code)
  }
  const crashPoint = join(folder, 'crash-point.js')
  cpSync(fileURLToPath(new URL('./crash-point.js', import.meta.url)), crashPoint)
  return {
    cli: join(folder, 'dist/server/cli.js'),
    crashPoint,
    remove() {
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
