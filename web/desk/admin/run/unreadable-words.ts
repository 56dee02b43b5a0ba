import type { AdminKey } from '../admin-texts.js'

/** What the service's sentences on a push that can't be read come down to. */
const kinds: readonly (readonly [RegExp, AdminKey])[] = [
  [/neither like JSON nor like XML/, 'run.unreadable.neither'],
  [/nested too deep/, 'run.unreadable.deep'],
  [/like JSON|is JSON but/, 'run.unreadable.json'],
  [/differ in format/, 'run.unreadable.formats'],
  [/no MsgType|without a name/, 'run.unreadable.kind'],
  [/FromUserName/, 'run.unreadable.sender'],
  [/is no text|stands twice/, 'run.unreadable.twice'],
  [/text in the push ends/, 'run.unreadable.ends'],
  [/not the XML/, 'run.unreadable.xml'],
]

/** Why a push can't be read, in the page's words; what is new to it is said in general. */
export function unreadableWords(problem: string): AdminKey {
  return kinds.find(([pattern]) => pattern.test(problem))?.[1] ?? 'run.unreadable.other'
}
