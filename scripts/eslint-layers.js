import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Which room of src/ may import which: the picture in docs/architecture.md as a table.
 * Every room may import itself and the leaves. `protocol` imports nothing, and pages may import its values and those
 * of the pure part of `wechat`.
 */
export const allowed = {
  errors: ['protocol'],
  settings: ['errors'],
  wechat: [],
  api: ['wechat'],
  bot: ['wechat'],
  webhook: ['bot', 'wechat'],
  emulator: ['wechat'],
  check: ['emulator', 'wechat'],
  store: ['wechat'],
  conversation: ['store', 'bot', 'wechat'],
  config: ['conversation', 'wechat'],
  http: ['config', 'wechat'],
  people: ['http', 'config', 'store'],
  apps: ['people', 'http', 'config', 'store', 'api', 'webhook', 'wechat'],
  rules: ['people', 'http', 'conversation', 'store', 'bot', 'wechat'],
  media: ['people', 'http', 'conversation', 'store', 'wechat'],
  hooks: ['people', 'http', 'conversation', 'store', 'wechat'],
  knowledge: ['people', 'http', 'hooks', 'conversation', 'store', 'wechat'],
  model: ['people', 'http', 'hooks', 'config', 'store'],
  assistant: ['knowledge', 'model', 'people', 'http', 'conversation', 'store', 'bot', 'wechat'],
  desk: ['people', 'http', 'config', 'conversation', 'hooks', 'media', 'store', 'wechat'],
  doctor: ['apps', 'rules', 'http', 'config', 'conversation', 'store', 'api', 'wechat'],
  server: [
    'apps',
    'desk',
    'doctor',
    'rules',
    'knowledge',
    'model',
    'assistant',
    'media',
    'hooks',
    'people',
    'http',
    'config',
    'conversation',
    'store',
    'api',
    'bot',
    'webhook',
    'emulator',
    'wechat',
  ],
  demo: [
    'server',
    'emulator',
    'assistant',
    'knowledge',
    'rules',
    'desk',
    'people',
    'config',
    'conversation',
    'store',
    'api',
    'bot',
    'wechat',
  ],
  cli: [
    'server',
    'demo',
    'doctor',
    'check',
    'apps',
    'rules',
    'knowledge',
    'people',
    'config',
    'store',
    'emulator',
    'wechat',
  ],
  index: ['api', 'bot', 'webhook', 'wechat'],
}
const leaves = new Set(['errors', 'log', 'bounded-lines', 'protocol', 'settings'])
/** Other people's units start this file; it is the command itself. */
const entry = 'src/server/cli.ts'

/** The part of wechat/ that runs in a browser too: facts and functions, nothing of Node. It imports only itself. */
const pure = /[\\/]src[\\/]wechat[\\/](messages[\\/]|(limits|text)\.[jt]s$)/

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
    if (from === undefined || context.filename.endsWith(entry)) return {}
    const isTest = context.filename.endsWith('.test.ts')
    const isPure = pure.test(context.filename) && !isTest
    function check(node) {
      const source = node.source?.value
      if (typeof source !== 'string') return
      const path = resolve(dirname(context.filename), source)
      if (isPure && node.importKind !== 'type' && !pure.test(path)) {
        context.report({
          node,
          message: `pages import this file: it may import only such files (here: ${source})`,
        })
        return
      }
      if (!source.startsWith('.')) return
      const to = layerOf(path)
      if (to === undefined || to === from) return
      if (from === 'web') {
        if (node.importKind !== 'type' && to !== 'protocol' && !pure.test(path))
          context.report({
            node,
            message: `web/ may import only types from src/, and values of src/protocol/ and src/wechat/{messages,limits,text} (here: ${to})`,
          })
        return
      }
      if (leaves.has(to) && (to === 'log' || !leaves.has(from))) return
      // A test may stand what it tests beside the emulator, WeChat's side of the wire, or ask the doctor about it.
      if (isTest && (to === 'emulator' || to === 'doctor')) return
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
