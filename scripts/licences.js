import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** The names, versions and licences of the packages that modules of a build are from, as a text that goes with it. Throws. */
export function licencesOf(moduleIds) {
  const folders = new Set(moduleIds.flatMap((id) => packageFolder(id) ?? []))
  const texts = [...folders].map(licenceOf).sort((a, b) => (a < b ? -1 : 1))
  return `kefu’s JavaScript holds code of these packages.\n\n${[...new Set(texts)].join('\n')}`
}

/** The innermost package's folder; undefined for code of ours. */
function packageFolder(id) {
  return /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1]
}

function licenceOf(folder) {
  const { name, version, license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const file = readdirSync(folder).find((each) => /^(licen[cs]e|copying)(\.\w+)?$/i.test(each))
  const text = file === undefined ? inReadme(folder) : readFileSync(join(folder, file), 'utf8').trim()
  if (text === undefined && license === undefined) throw new Error(`${name} says nothing of its licence`)
  const by = typeof author === 'string' ? author : (author?.name ?? `the authors of ${name}`)
  return `${'-'.repeat(80)}\n${name} ${version} (${license})\n\n${text ?? `${license}, by ${by}`}\n`
}

/** Some packages have their licence at the end of their README alone. */
function inReadme(folder) {
  const file = ['README.md', 'Readme.md', 'readme.md'].map((name) => join(folder, name)).find(existsSync)
  const text = file && /\n#+ licen[cs]e[^\n]*\n([^]*)$/i.exec(readFileSync(file, 'utf8'))?.[1]
  return text?.includes('Permission is hereby granted') ? text.trim() : undefined
}
