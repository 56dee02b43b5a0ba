import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Which layer of src/ may import which: the picture in docs/architecture.md as a table.
 * Every layer may import itself and the leaves (errors, log).
 */
export const allowed = {
  wechat: [],
  api: ['wechat'],
  bot: ['wechat'],
  webhook: ['bot', 'wechat'],
  store: ['wechat'],
  conversation: ['store', 'bot', 'wechat'],
  rules: ['conversation', 'bot', 'wechat'],
  media: ['store', 'wechat'],
  hooks: ['conversation', 'store', 'wechat'],
  desk: ['conversation', 'hooks', 'store', 'wechat'],
  emulator: ['wechat'],
  server: [
    'api',
    'bot',
    'webhook',
    'store',
    'conversation',
    'media',
    'hooks',
    'rules',
    'desk',
    'emulator',
    'wechat',
  ],
  index: ['api', 'bot', 'webhook', 'wechat'],
}
const leaves = new Set(['errors', 'log'])

/** The layer that a file belongs to: its folder under src/, or its own name for a file directly in src/. */
function layerOf(file) {
  const [first, layer] = relative(root, file).split(/[\\/]/)
  if (first === 'web') return 'web'
  if (first !== 'src' || layer === undefined) return undefined
  return layer.replace(/(\.test)?\.[jt]s$/, '')
}

export const layers = {
  meta: { type: 'problem', schema: [], docs: { description: 'a layer imports only the layers below it' } },
  create(context) {
    const from = layerOf(context.filename)
    if (from === undefined) return {}
    const isTest = context.filename.endsWith('.test.ts')
    function check(node) {
      const source = node.source?.value
      if (typeof source !== 'string' || !source.startsWith('.')) return
      const to = layerOf(resolve(dirname(context.filename), source))
      if (to === undefined || to === from || leaves.has(to)) return
      if (from === 'web') {
        if (node.importKind !== 'type' && to !== 'web')
          context.report({ node, message: `web/ may import only types from src/ (here: ${to})` })
        return
      }
      // A unit test may stand the layer it tests beside the emulator, WeChat's side of the wire.
      if (isTest && to === 'emulator') return
      if (!(allowed[from] ?? []).includes(to))
        context.report({
          node,
          message: `layer "${from}" may not import layer "${to}" (see scripts/eslint-layers.js)`,
        })
    }
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
    }
  },
}
