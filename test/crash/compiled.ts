import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The service as JavaScript, in a folder of its own. */
export interface Compiled {
  readonly cli: string
  /** To be preloaded into each process. */
  readonly crashPoint: string
  remove(): void
}

/** What stays a package of its own: the drivers, which the preloaded module watches, and what has a binary. */
const external = ['libsql', 'pg', '@node-rs/argon2', 'ioredis']

/**
 * Compiles the service into one file, without checking types, which `npm run types` does: a process of it starts
 * in a fraction of the time that hundreds of files take.
 */
export async function compile(): Promise<Compiled> {
  const folder = mkdtempSync(join(tmpdir(), 'kefu-compiled-'))
  writeFileSync(join(folder, 'package.json'), readFileSync(join(root, 'package.json')))
  for (const name of ['node_modules', 'assets']) symlinkSync(join(root, name), join(folder, name))
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true, external },
    build: {
      ssr: join(root, 'src/server/cli.ts'),
      outDir: join(folder, 'dist'),
      target: 'node20',
      minify: false,
      // As deep as it is in src/, because files are found from there.
      rolldownOptions: { output: { entryFileNames: 'server/cli.js', codeSplitting: false } },
    },
  })
  // A thread's file is found beside the code that starts it, which is all in one file now.
  cpSync(join(root, 'src/store/sqlite-thread.js'), join(folder, 'dist/server/sqlite-thread.js'))
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
