import { describe, expect, it } from 'vitest'
import { cannedReplyInput } from '../src/desk/schemas/canned-reply-view.js'
import { defaultAllowanceRules } from '../src/conversation/index.js'
import { checkRules } from '../src/rules/rule-check.js'
import { starterContent } from '../web/desk/admin/starter/starter-content.js'

describe.each(['zh-CN', 'en'] as const)('what a shop can begin with, in %s', (language) => {
  const { rules, replies, hours } = starterContent[language]

  it('is rules and hours that the service takes without a doubt', () => {
    const checked = checkRules({ rules, schedules: [hours] }, defaultAllowanceRules)
    expect(checked).toMatchObject({ ok: true, warnings: [] })
  })

  it('is replies that the service takes, each with a shortcut of its own', () => {
    for (const reply of replies) expect(cannedReplyInput.safeParse(reply).error).toBeUndefined()
    expect(new Set(replies.map(({ shortcut }) => shortcut)).size).toBe(replies.length)
  })
})
