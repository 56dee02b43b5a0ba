import { expect, it } from 'vitest'
import type { AssistantSettings } from '../../../../src/assistant/assistant-settings.js'
import { assistantDraft, settingsOf } from './assistant-types.js'

const defaultSettings: AssistantSettings = {
  level: 'select',
  guidance: '',
  topics: ['投诉', '赔偿'],
  matchAt: null,
  schedule: null,
  words: { handover: '转人工', handoverClosed: '休息中', greeting: '您好', thanks: null },
}

it('gives back the settings that a draft was made of', () => {
  const settings = { ...defaultSettings, matchAt: 0.55, schedule: '客服时间', guidance: '杯子店' }
  expect(settingsOf(assistantDraft(settings))).toEqual(settings)
  const thanks = { ...settings, words: { ...settings.words, thanks: '不客气' } }
  expect(settingsOf(assistantDraft(thanks))).toEqual(thanks)
})

it('takes each line for a topic once, and none for an empty one', () => {
  const draft = { ...assistantDraft(defaultSettings), topics: ' 投诉 \n\n赔偿\n投诉' }
  expect(settingsOf(draft).topics).toEqual(['投诉', '赔偿'])
})
