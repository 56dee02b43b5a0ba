import type { PlacedRuleIssue } from '../../../../src/protocol/rule-problems.js'
import type { DeskError } from '../../api/client.js'
import { problemWords } from '../../text/problem-words.js'
import type { AdminTexts } from '../admin-texts.js'
import { issuesOf, issueWords, placedWords } from '../rules/rule-issue-words.js'

type Translate = AdminTexts['t']['value']

/** What is wrong with business hours, in words, by the places that the service names: `schedules[0].week[6][0]`. */
export function hoursProblem(error: DeskError, texts: AdminTexts): string {
  const found = issuesOf(error.detail)
  if (!found) return problemWords(error, texts)
  return [...new Set(found.issues.map((issue) => lineOf(issue, texts.t.value)))].join('\n')
}

function lineOf(issue: PlacedRuleIssue, t: Translate): string {
  const [list, , ...place] = issue.at
  if (issue.code === 'hours_unknown') return t('hours.inUse', { name: issue.params.name })
  if (list !== 'schedules') return placedWords(issue, [], t)
  const [part, index] = place
  const day = part === 'week' && typeof index === 'number' ? days[index] : undefined
  // One field of the form holds all spans of a day.
  if (day !== undefined) return t('hours.wrongDay', { day: t(day) })
  if (part === 'dates' && typeof index === 'number') return t('hours.wrongDate', { number: index + 1 })
  if (part === 'name') return t('rules.issue.at', { place: t('hours.name'), words: issueWords(issue, t) })
  return placedWords(issue, place, t)
}

const days = [
  'hours.day.1',
  'hours.day.2',
  'hours.day.3',
  'hours.day.4',
  'hours.day.5',
  'hours.day.6',
  'hours.day.7',
] as const
