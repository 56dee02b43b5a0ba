import { expect, it } from 'vitest'
import { createPictureBlobs } from './picture-blobs.js'
import type { SealedStore } from './sealed-store.js'

const bytes = (text: string): Blob => new Blob([text])

it('has to be kept what is new, or changed since it was kept', () => {
  const blobs = createPictureBlobs(undefined)
  const [first, second] = [bytes('1'), bytes('2')]
  blobs.set('a', first)
  expect([...blobs.unkept(['a', 'unknown'])]).toEqual([['a', first]])
  blobs.noteKept(blobs.unkept(['a']))
  expect(blobs.unkept(['a']).size).toBe(0)
  blobs.set('a', second)
  expect([...blobs.unkept(['a'])]).toEqual([['a', second]])
  blobs.release()
})

it('reads from the store what it has not, and has that kept already', async () => {
  const own = bytes('own')
  const blobs = createPictureBlobs(new Map([['own', own]]))
  const asked: string[] = []
  const store = {
    async picture(id: string) {
      asked.push(id)
      return id === 'gone' ? undefined : bytes(id)
    },
  } as Partial<SealedStore> as SealedStore
  await blobs.read(store, ['own', 'other', 'gone'])
  expect(asked).toEqual(['other', 'gone'])
  expect(await blobs.get('other')?.text()).toBe('other')
  expect([...blobs.urls.keys()]).toEqual(['own', 'other'])
  // What came from another session of the page was never kept by this one.
  expect([...blobs.unkept(['own', 'other'])]).toEqual([['own', own]])
  blobs.release()
})
