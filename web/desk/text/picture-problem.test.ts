import { expect, it } from 'vitest'
import { pictureProblem } from './picture-problem.js'

it('says why a picture is not here, and offers to ask again only where that may help', () => {
  const of = (state: 'wanted' | 'failed' | 'expired', problem: string | null): string => {
    const { words, canRetry } = pictureProblem({
      id: 1,
      state,
      problem,
      mime: null,
      width: null,
      height: null,
    })
    return `${words}${canRetry ? ' again' : ''}`
  }
  expect(of('wanted', null)).toBe('picture.fetching')
  expect(of('wanted', 'network')).toBe('picture.later again')
  expect(of('failed', '48001')).toBe('picture.failed again')
  expect(of('failed', 'unsupported')).toBe('picture.unshowable')
  expect(of('expired', 'expired')).toBe('picture.expired')
  expect(pictureProblem(null).words).toBe('picture.fetching')
})
