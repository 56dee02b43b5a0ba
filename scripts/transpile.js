// Makes JavaScript of src/ in a moment, a file of each, without checking types: `npm run types` checks them. For the tests,
// which start processes of it, and for bench/, which looks inside; a release is made by bundle.js.
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { transformWithOxc } from 'vite'

const source = fileURLToPath(new URL('../src', import.meta.url))

/** The files of src/ that belong to a release. */
export function sourceFiles() {
  return readdirSync(source, { withFileTypes: true, recursive: true })
    .filter(
      (entry) => entry.isFile() && /\.(ts|js)$/.test(entry.name) && !/\.test(-d)?\.ts$/.test(entry.name),
    )
    .map((entry) => join(entry.parentPath, entry.name))
}

/** Writes each file of src/ as JavaScript, with its source map, to the same place below `folder`. */
export async function transpile(folder) {
  for (const path of sourceFiles()) {
    const target = join(folder, relative(source, path)).replace(/\.ts$/, '.js')
    mkdirSync(dirname(target), { recursive: true })
    if (path.endsWith('.js')) {
      copyFileSync(path, target)
      continue
    }
    const { code, map } = await transformWithOxc(readFileSync(path, 'utf8'), path, {
      target: 'es2023',
      sourcemap: true,
    })
    map.sources = [relative(dirname(target), path)]
    writeFileSync(`${target}.map`, JSON.stringify(map))
    writeFileSync(target, `${code}//# sourceMappingURL=${basename(target)}.map\n`)
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  await transpile(fileURLToPath(new URL('../modules', import.meta.url)))
