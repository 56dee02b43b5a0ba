import { readFile, writeFile } from 'node:fs/promises'
import { ConfigError } from '../errors.js'
import { problemsText, type Problem } from '../rules/rule-problem.js'
import type { RuleSet } from '../rules/rule-set.js'
import { parseRules, serialiseRules } from '../rules/rules-file.js'
import { runViaServer } from './run-via-server.js'
import type { Config } from '../config/config.js'

/** Puts a file's rules in the place of all others. Throws ConfigError that names each rule and field that can't work. */
export async function runImport(config: Config, file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new ConfigError(`${file} can’t be read.`, { cause })
  })
  const parsed = parseRules(text, config.allowance)
  if (!parsed.ok) throw new ConfigError(`The rules in ${file} can’t work:\n${problemsText(parsed.problems)}`)
  const { result: warnings } = await runViaServer(
    config,
    { name: 'import-rules', input: parsed.rules, read: (problems) => problems as Problem[] },
    ({ rules }) => rules.replace(parsed.rules),
  )
  const lines = [`已导入 ${parsed.rules.rules.length} 条规则。 ${parsed.rules.rules.length} rules imported.`]
  if (warnings.length > 0) lines.push('请留意 · worth a look:', problemsText(warnings))
  return lines
}

/** Writes the rules to a file, or gives them for standard output; gives what to print. */
export async function runExport(config: Config, file: string): Promise<string> {
  const { result: set } = await runViaServer(
    config,
    { name: 'export-rules', input: null, read: (rules) => rules as RuleSet },
    async ({ rules }) => rules.set,
  )
  const text = serialiseRules(set)
  if (file === '-') return text
  await writeFile(file, text)
  return `已导出 ${set.rules.length} 条规则。 ${set.rules.length} rules written to ${file}.\n`
}
