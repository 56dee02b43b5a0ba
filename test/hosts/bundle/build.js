import { build } from 'esbuild'

await build({
  entryPoints: ['bundle/bot.js'],
  outfile: 'bundle/out/bot.js',
  bundle: true,
  platform: 'node',
  format: 'esm',
  // Some of what kefu uses is CommonJS and asks for Node's modules by require.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)",
  },
})
