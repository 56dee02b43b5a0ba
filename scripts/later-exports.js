/**
 * A plugin for the build: what a package's index requires only to export it is required when somebody asks for it. A
 * CommonJS index else runs all of the package, of which a start needs a part.
 */
export function laterExports(name) {
  const index = new RegExp(`/node_modules/${name}/index\\.js$`)
  return {
    name: 'later-exports',
    enforce: 'pre',
    transform(code, id) {
      if (!index.test(id)) return undefined
      const { code: later, count } = withLaterExports(code)
      // The package is written in another way now: a start would become slower, and nobody would see it.
      if (count < 20) throw new Error(`only ${count} exports of ${name} can be made later ones`)
      return { code: later, map: null }
    },
  }
}

/** Rewrites `module.exports.A = require(B)`, also by way of a constant that nothing else uses, and members of literals. */
function withLaterExports(given) {
  let count = 0
  const later = (name, expression) => {
    count++
    return `Object.defineProperty(module.exports, '${name}', { enumerable: true, configurable: true, get: () => ${expression} })`
  }
  let code = given
    .replace(/^module\.exports\.(\w+) = (require\('[^']+'\)(?:\.\w+)?)$/gm, (_, name, required) =>
      later(name, required),
    )
    .replace(/^( +)(\w+): (require\('[^']+'\))(,?)$/gm, (_, indent, name, required, comma) => {
      count++
      return `${indent}get ${name}() { return ${required} }${comma}`
    })
  for (const [line, name, required] of given.matchAll(/^const (\w+) = (require\('[^']+'\)(?:\.\w+)?)$/gm)) {
    const exported = `module.exports.${name} = ${name}\n`
    const others = code.replace(`${line}\n`, '').replace(exported, '')
    if (!code.includes(exported) || new RegExp(`(?<![.'/\\w])${name}\\b`).test(others)) continue
    code = code.replace(`${line}\n`, '').replace(exported, `${later(name, required)}\n`)
  }
  return { code, count }
}
