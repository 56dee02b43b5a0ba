// Makes the release's JavaScript: the commands, the library's three entries and what runs beside them, in one build
// with chunks that they share, so that a class is one class for all of them. Packages are in it, but for those that
// have a binary or are read only where somebody asks for them. docs/decisions/0037-one-build-with-its-packages.md
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { licencesOf } from './licences.js'
import { sourceFiles } from './transpile.js'
import { usedExports } from './used-exports.js'

const root = fileURLToPath(new URL('..', import.meta.url))

/** What is started as a file of its own lies beside the chunk that starts it. */
const input = {
  index: 'src/index.ts',
  'wechat/index': 'src/wechat/index.ts',
  'emulator/index': 'src/emulator/index.ts',
  'server/cli': 'src/server/cli.ts',
  'chunks/sqlite-thread': 'src/store/sqlite-thread.js',
  'chunks/file-reader-process': 'src/knowledge/readers/file-reader-process.js',
  'chunks/file-reader-thread': 'src/knowledge/readers/file-reader-thread.js',
}

/** Binaries, and large packages that few services ever read. */
const external = [
  '@node-rs/argon2',
  'libsql',
  'mammoth',
  'pg',
  'pinyin-pro',
  'read-excel-file',
  'read-excel-file/node',
  'unpdf',
]

/** Who bundles kefu once more writes `createRequire` in front of it all, as docs/frameworks.md says: ours has another name. */
const ownRequire = {
  name: 'own-require',
  renderChunk: (code) =>
    code.startsWith('import { createRequire } from "node:module";\n')
      ? {
          code: code
            .replace('{ createRequire }', '{ createRequire as requireOf }')
            .replaceAll(/(?<![.\w])createRequire\(/g, 'requireOf('),
          map: null,
        }
      : null,
}

const result = await build({
  root,
  configFile: false,
  logLevel: 'error',
  publicDir: false,
  plugins: [usedExports('undici', sourceFiles()), ownRequire],
  ssr: { noExternal: true, external },
  build: {
    ssr: true,
    outDir: join(root, 'dist'),
    emptyOutDir: false,
    target: 'node20',
    // Readable in a stack trace, and minified it does not start earlier.
    minify: false,
    sourcemap: true,
    rolldownOptions: {
      input: Object.fromEntries(Object.entries(input).map(([name, path]) => [name, join(root, path)])),
      output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
    },
  },
})

const chunks = result.output.filter(({ type }) => type === 'chunk')
checkPlaces(chunks)
for (const { fileName, map } of chunks) if (map) withoutForeignSources(join(root, 'dist', `${fileName}.map`))
writeFileSync(
  join(root, 'dist', 'THIRD-PARTY-LICENSES.txt'),
  licencesOf(chunks.flatMap(({ moduleIds }) => moduleIds)),
)

/** What the code looks for by its own address must be where the build has put the code. Throws. */
function checkPlaces(chunks) {
  for (const { fileName, code } of chunks)
    for (const [, path] of code.matchAll(/new URL\(["'`]([^"'`$]+)[^"'`]*["'`], import\.meta\.url\)/g)) {
      const file = fileURLToPath(new URL(path, new URL(`../dist/${fileName}`, import.meta.url)))
      // The pages are built after the code.
      if (!existsSync(file) && !file.startsWith(join(root, 'dist', 'web')))
        throw new Error(`dist/${fileName} looks for ${path}, which is not there`)
    }
}

/** A source map says where a line is from; the text of a package that it is from need not be in it. */
function withoutForeignSources(file) {
  const map = JSON.parse(readFileSync(file, 'utf8'))
  map.sourcesContent = map.sourcesContent?.map((text, i) =>
    map.sources[i].includes('node_modules/') ? null : text,
  )
  writeFileSync(file, JSON.stringify(map))
}
