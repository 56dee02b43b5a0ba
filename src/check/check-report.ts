import { checkTitles } from './check-names.js'
import { isRight, type CheckRow, type Verdict } from './check-row.js'

const marks = {
  ok: { mark: '✓', colour: 32 },
  warn: { mark: '!', colour: 33 },
  wrong: { mark: '✗', colour: 31 },
  skipped: { mark: '-', colour: 90 },
} as const

/** The columns of a row's first line: mark, time, name, way, title. */
export const tableHead = [
  '        用时  项目               加密 格式        内容',
  '        time  check              mode format      what',
].join('\n')

/** A row as a person reads it: in both languages, and what comes of it. */
export function rowText(row: CheckRow, colours: boolean): string {
  const { check, mode, format, verdict, ms, found, meaning } = row
  const { mark, colour } = marks[verdict]
  const shown = colours ? `\u001b[${colour}m${mark}\u001b[0m` : mark
  const time = (ms === null ? '' : `${ms} ms`).padStart(8)
  const way = mode === null || format === null ? '' : `${mode} ${format}`
  const title = checkTitles[check]
  const lines = meaning
    ? [found.zh, found.en, `→ ${meaning.zh}`, `→ ${meaning.en}`]
    : [`${found.zh} ${found.en}`]
  return [
    `  ${shown} ${time}  ${check.padEnd(18)} ${way.padEnd(16)} ${title.zh} · ${title.en}`,
    ...lines.map((line) => `              ${line}`),
  ].join('\n')
}

/** The last line, for people. */
export function summaryText(rows: readonly CheckRow[]): string {
  const count = (verdict: Verdict): number => rows.filter((row) => row.verdict === verdict).length
  const [wrong, doubtful, right] = [count('wrong'), count('warn'), count('ok')]
  const stopped = rows.some(({ check }) => check !== 'push.text' && !check.startsWith('url.'))
    ? []
    : [
        '没有一种推送得到应答，其余项目没有检查。Token、密钥、加密方式和格式与程序里的一致吗？',
        'No push was answered, so nothing else was checked. Are Token, key, mode and format those of the program?',
      ]
  return [
    ...stopped,
    `${right} 项正确，${wrong} 项有问题，${doubtful} 项请留意。 ${right} right, ${wrong} wrong, ${doubtful} worth a look.`,
  ].join('\n')
}

/** All rows, for programs. */
export function reportJson(rows: readonly CheckRow[]): string {
  const items = rows.map((row) => ({ ...row, title: checkTitles[row.check] }))
  return JSON.stringify({ right: isRight(rows), rows: items }, null, 2)
}
