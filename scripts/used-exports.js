import { readFileSync } from 'node:fs'
import { parseAst } from 'vite'

/**
 * A plugin for the build: of a CommonJS package's index, which requires all that the package can do, only the exports
 * that the given files import are left, and what these need.
 */
export function usedExports(name, files) {
  const index = new RegExp(`/node_modules/${name}/index\\.js$`)
  return {
    name: 'used-exports',
    enforce: 'pre',
    transform: (code, id) =>
      index.test(id) ? { code: onlyExports(code, importsOf(name, files)), map: null } : undefined,
  }
}

/** The names of the values that files import from a package. Throws for another kind of import. */
function importsOf(name, files) {
  const names = new Set()
  const imports = new RegExp(`import\\s+(type\\s+)?([^;'"]+?)\\s+from '${name}'`, 'g')
  for (const file of files) {
    const text = readFileSync(file, 'utf8')
    if (text.includes(`import('${name}')`)) throw new Error(`${file} imports all of ${name}`)
    for (const [, isType, list] of text.matchAll(imports)) {
      if (isType) continue
      if (!/^\{[^}]*\}$/.test(list))
        throw new Error(`${file} imports ${list} from ${name}: name what it uses`)
      for (const each of list
        .slice(1, -1)
        .split(',')
        .map((part) => part.trim()))
        if (each !== '' && !each.startsWith('type ')) names.add(each.replace(/ as .*$/, ''))
    }
  }
  return names
}

/** The index without the statements for other exports, and without declarations that nothing is left to use. Throws. */
function onlyExports(code, used) {
  const statements = parseAst(code).body.map((node) => ({
    text: code.slice(node.start, node.end),
    exported: exportOf(node),
    declared: declaredBy(node),
  }))
  for (const name of used)
    if (!statements.some(({ exported }) => exported === name)) throw new Error(`there is no export ${name}`)
  let left = statements.filter(({ exported }) => exported === undefined || used.has(exported))
  for (let before; before !== left.length;) {
    before = left.length
    left = left.filter(
      (each) =>
        each.declared === undefined ||
        left.some((other) => other !== each && each.declared.some((name) => mentions(other.text, name))),
    )
  }
  return left.map(({ text }) => later(text)).join('\n')
}

/** A in `module.exports.A = …` and `module.exports.A.B = …`; undefined for another statement. */
function exportOf({ type, expression }) {
  if (type !== 'ExpressionStatement' || expression.type !== 'AssignmentExpression') return undefined
  for (let left = expression.left; left.type === 'MemberExpression'; left = left.object) {
    const { object } = left.object
    if (object?.name === 'module' && left.object.property.name === 'exports') return left.property.name
  }
  return undefined
}

function declaredBy({ type, id, declarations }) {
  if (type === 'FunctionDeclaration') return [id.name]
  if (type !== 'VariableDeclaration') return undefined
  return declarations.flatMap(({ id: target }) =>
    target.type === 'ObjectPattern' ? target.properties.map(({ value }) => value.name) : [target.name],
  )
}

function mentions(text, name) {
  return new RegExp(`(?<![.\\w$])${name}(?![\\w$])`).test(text)
}

/** What is required only to be exported is required when somebody asks for it. */
function later(text) {
  const [, name, required] = /^module\.exports\.(\w+) = (require\('[^']+'\)(?:\.\w+)?)$/.exec(text) ?? []
  if (name === undefined) return text
  return `Object.defineProperty(module.exports, '${name}', { enumerable: true, get: () => ${required} })`
}
