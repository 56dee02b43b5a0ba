import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EntryView } from '../../../../src/knowledge/schemas/knowledge-entry.js'
import { dayEnd, dayStart } from './day-bounds.js'
import { bytesOf, draftOf, emptyDraft, entryOfDraft, problemOf, type EntryDraft } from './entry-draft.js'

const zone = 'Asia/Shanghai'
const entry: EntryView = {
  id: 7,
  appId: 'wx1',
  title: '什么时候发货',
  wordings: ['多久发货', '几天发'],
  text: '四十八小时内。',
  extra: { msgtype: 'text', text: { content: '附' } } as never,
  audience: 'agents',
  state: 'draft',
  validFrom: 1_796_100_000_123,
  validUntil: null,
  version: 3,
  updatedBy: '店长',
  updatedAt: 1,
  sourceId: null,
}
const good: EntryDraft = { ...emptyDraft('发货'), text: '四十八小时内。' }

describe('an entry’s draft', () => {
  it('holds the entry, and gives it back as it was, also what has no field', () => {
    const input = entryOfDraft(draftOf(entry, zone), entry, zone)
    expect(entry).toMatchObject(input)
    expect(Object.keys(input).toSorted()).toEqual(
      Object.keys(entry)
        .filter((name) => !['id', 'version', 'updatedBy', 'updatedAt', 'sourceId'].includes(name))
        .toSorted(),
    )
  })

  it('takes each line that is not empty for a wording, once', () => {
    const draft = { ...good, wordings: ' 多久发货 \n\n几天发\n多久发货\r\n' }
    expect(entryOfDraft(draft, null, zone).wordings).toEqual(['多久发货', '几天发'])
  })

  it.each<[Partial<EntryDraft>, ReturnType<typeof problemOf>]>([
    [{}, undefined],
    [{ title: '  ' }, 'title'],
    [{ text: '\n' }, 'text'],
    [{ text: '好'.repeat(682) }, undefined],
    [{ text: '好'.repeat(683) }, 'bytes'],
    [{ wordings: Array.from({ length: 51 }, (_, index) => `问${index}`).join('\n') }, 'wordings'],
    [{ wordings: '好'.repeat(201) }, 'wordingLong'],
    [{ extra: { msgType: 'image', fields: {} } }, 'extra'],
    [{ from: '2026-12-02', until: '2026-12-01' }, 'days'],
    [{ from: '2026-12-01', until: '2026-12-01' }, undefined],
  ])('with %j has the problem %s', (change, problem) => {
    expect(problemOf({ ...good, ...change })).toBe(problem)
  })

  it('counts bytes as WeChat does, without the space around', () => {
    expect(bytesOf({ text: ' 好a😀\n' })).toBe(8)
  })

  it('is true from the first moment of its first day to the last of its last, in the workspace’s zone', () => {
    const made = entryOfDraft({ ...good, from: '2026-12-01', until: '2026-12-01' }, null, zone)
    expect(made.validFrom).toBe(Date.parse('2026-12-01T00:00:00+08:00'))
    expect(made.validUntil).toBe(Date.parse('2026-12-02T00:00:00+08:00'))
  })
})

it('a day’s bounds are that day’s, in any zone and on any day', () => {
  const days = fc
    .integer({ min: 10_000, max: 30_000 })
    .map((day) => new Date(day * 86_400_000).toISOString().slice(0, 10))
  const zones = fc.constantFrom('Asia/Shanghai', 'America/New_York', 'Europe/Berlin', 'Pacific/Kiritimati')
  fc.assert(
    fc.property(days, zones, (day, where) => {
      const [start, end] = [dayStart.momentOf(day, where), dayEnd.momentOf(day, where)]
      expect(dayStart.nameOf(start ?? 0, where)).toBe(day)
      expect(dayEnd.nameOf(end ?? 0, where)).toBe(day)
      expect((end ?? 0) - (start ?? 0)).toBeGreaterThan(22 * 3_600_000)
    }),
  )
})
