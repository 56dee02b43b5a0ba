import type { Bilingual } from '../protocol/bilingual.js'

/** One thing that was looked at. */
export interface Finding {
  /** A stable word for programs. */
  readonly check: string
  /** The Mini Program that it is about. */
  readonly app?: string
  readonly level: 'ok' | 'warn' | 'fail'
  readonly found: Bilingual
  /** The remedy. */
  readonly todo?: Bilingual
  /** A text to copy for it. */
  readonly copy?: string
}

/** Findings as a person reads them: each with its mark, in both languages, and what to do. */
export function findingsText(findings: readonly Finding[], colours: boolean): string {
  const lines = findings.flatMap(({ app, level, found, todo }) => {
    const { mark, colour } = marks[level]
    const shown = colours ? `\u001b[${colour}m${mark}\u001b[0m` : mark
    const about = app === undefined ? '' : `${app}: `
    return [
      `${shown} ${about}${found.zh}`,
      `  ${found.en}`,
      ...(todo ? [`  → ${todo.zh}`, `  → ${todo.en}`] : []),
    ]
  })
  return [...lines, '', summary(findings)].join('\n')
}

/** Whether nothing was found that keeps the service from working. */
export function isHealthy(findings: readonly Finding[]): boolean {
  return findings.every(({ level }) => level !== 'fail')
}

const marks = {
  ok: { mark: '✓', colour: 32 },
  warn: { mark: '!', colour: 33 },
  fail: { mark: '✗', colour: 31 },
} as const

function summary(findings: readonly Finding[]): string {
  const count = (level: Finding['level']): number => findings.filter((each) => each.level === level).length
  const [failed, doubtful] = [count('fail'), count('warn')]
  if (failed > 0)
    return `${failed} 项有问题，${doubtful} 项请留意。 ${failed} to mend, ${doubtful} worth a look.`
  if (doubtful > 0) return `没有错误，${doubtful} 项请留意。 Nothing is broken, ${doubtful} worth a look.`
  return '一切正常。 All is well.'
}
