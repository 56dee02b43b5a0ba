import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const importing = /(?:^|\n)\s*(?:import|export)\s+(?!type\b)[^'"`;]*?from\s*'(\.[^']+)'/g

/** Each file's imports of values, read once a run. */
function readImports() {
  const files = ['src', 'web'].flatMap((folder) =>
    readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && /\.(ts|vue)$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name)),
  )
  const known = new Set(files)
  return new Map(
    files.map((file) => [
      file,
      [...readFileSync(file, 'utf8').matchAll(importing)]
        .map(([, path]) => join(dirname(file), path))
        .map((path) => [path.replace(/\.js$/, '.ts'), path].find((each) => known.has(each)))
        .filter((path) => path !== undefined),
    ]),
  )
}
let imports

/** The shortest way from a file back to itself; undefined where there is none. */
function circleOf(file) {
  const before = new Map()
  const next = [file]
  for (let at = next.shift(); at !== undefined; at = next.shift())
    for (const to of imports.get(at) ?? []) {
      if (to === file) {
        const way = [at]
        while (way[0] !== file) way.unshift(before.get(way[0]))
        return way
      }
      if (before.has(to)) continue
      before.set(to, at)
      next.push(to)
    }
  return undefined
}

export const noCircle = {
  meta: { type: 'problem', schema: [], docs: { description: 'no file imports itself by way of others' } },
  create(context) {
    return {
      Program(node) {
        imports ??= readImports()
        const way = circleOf(context.filename)
        if (way)
          context.report({
            node,
            message: `imports itself: ${[...way, way[0]].map((each) => each.slice(root.length)).join(' → ')}`,
          })
      },
    }
  },
}

/**
 * A constructor is given what it takes and nothing else, by name: neither a spread, nor an object that has more than it
 * takes. So `new Caretaker({ store, now })` says what it touches.
 */
export const namedParts = {
  meta: {
    type: 'problem',
    schema: [],
    docs: { description: 'parts are named where they are passed to a constructor' },
  },
  create(context) {
    const { program, esTreeNodeToTSNodeMap } = context.sourceCode.parserServices
    const checker = program.getTypeChecker()
    const typeOf = (node) => checker.getTypeAtLocation(esTreeNodeToTSNodeMap.get(node))
    const isOurs = (symbol) =>
      symbol?.declarations?.some((each) => each.getSourceFile().fileName.startsWith(join(root, 'src'))) ??
      false
    function hasMore(argument) {
      const wanted = checker.getContextualType(esTreeNodeToTSNodeMap.get(argument))
      const symbol = wanted?.aliasSymbol ?? wanted?.symbol
      // Not a list of parts: what is no object of ours, or a class.
      if (!isOurs(symbol) || symbol.valueDeclaration) return false
      const names = new Set(checker.getPropertiesOfType(wanted).map(({ name }) => name))
      return checker.getPropertiesOfType(typeOf(argument)).some(({ name }) => !names.has(name))
    }
    return {
      NewExpression(node) {
        if (!isOurs(typeOf(node).symbol)) return
        for (const argument of node.arguments) {
          if (argument.type === 'ObjectExpression')
            for (const each of argument.properties)
              if (each.type === 'SpreadElement' && /^(Identifier|MemberExpression)$/.test(each.argument.type))
                context.report({ node: each, message: 'name each part that the constructor takes' })
          if (/^(Identifier|MemberExpression)$/.test(argument.type) && hasMore(argument))
            context.report({ node: argument, message: 'the constructor takes fewer parts: name those' })
        }
      },
    }
  },
}
