import { expect, it } from 'vitest'
import { wantedOf, type Brought } from './clipboard-content.js'

const picture = new File(['x'], 'image.png', { type: 'image/png' })
const brought = (change: Partial<Brought>): Brought => ({
  plain: '',
  html: '',
  files: [],
  isAnything: true,
  ...change,
})

it('takes text where there is text, and a picture where there is nothing else', () => {
  expect(wantedOf(brought({ plain: '订单\t1024', files: [picture] }))).toMatchObject({
    text: '订单\t1024',
    pictures: [],
  })
  expect(wantedOf(brought({ plain: '\r\n', files: [picture] }))).toMatchObject({
    text: '',
    pictures: [picture],
  })
  expect(wantedOf(brought({ files: [picture] })).pictures).toEqual([picture])
})

it('knows a file’s name from a text, as file managers put both there', () => {
  const file = new File(['x'], '杯子.png', { type: 'image/png' })
  for (const plain of ['杯子.png', 'file:///home/me/%E6%9D%AF%E5%AD%90.png', 'C:\\图片\\杯子.png'])
    expect(wantedOf(brought({ plain, files: [file] })).pictures, plain).toEqual([file])
  expect(wantedOf(brought({ plain: '看杯子.png 这张', files: [file] })).text).toBe('看杯子.png 这张')
})

it('tells what is neither', () => {
  const other = new File(['x'], 'a.pdf', { type: 'application/pdf' })
  expect(wantedOf(brought({ files: [other] }))).toMatchObject({ pictures: [], hasOther: true })
  expect(wantedOf(brought({ files: [other, picture] }))).toMatchObject({
    pictures: [picture],
    hasOther: true,
  })
  expect(wantedOf(brought({}))).toMatchObject({ text: '', hasOther: true })
  expect(wantedOf(brought({ isAnything: false })).hasOther).toBe(false)
})
