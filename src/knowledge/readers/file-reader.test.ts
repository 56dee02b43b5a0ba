import { deflateSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { docxOf, pdfOf, xlsxOf, zipOf } from '../../../test/support/office-files.js'
import { fileReaderBounds, readFileContent } from './file-reader.js'

/** The machine may be busy: only what is asked of time is to end by it. */
const patient = { ...fileReaderBounds, timeoutMs: 120_000 }
const SLOW = { timeout: 240_000 }
const page = Buffer.from('BT /F1 12 Tf 20 200 Td (Returns within 7 days) Tj ET')

it('reads the text of Word documents and PDFs, headings apart', SLOW, async () => {
  const docx = docxOf([{ text: '退货', heading: true }, { text: '七天内可退 &amp; 换。' }])
  expect(await readFileContent(docx, '说明.docx')).toMatchObject({
    content: { kind: 'text', text: expect.stringMatching(/^\s*# 退货\s+七天内可退 & 换。\s*$/) as string },
  })
  for (const pdf of [pdfOf(page), pdfOf(deflateSync(page), { filter: '/Filter /FlateDecode' })])
    expect(await readFileContent(pdf, 'a.pdf')).toEqual({
      content: { kind: 'text', text: 'Returns within 7 days' },
    })
})

it(
  'reads the rows of a workbook, and tables and texts in the encodings of Excel and Notepad',
  SLOW,
  async () => {
    const rows = [
      ['问题', '答案'],
      ['怎么退货', '七天内可退。'],
    ]
    expect(await readFileContent(xlsxOf(rows), 'a.xlsx')).toEqual({ content: { kind: 'rows', rows } })
    const gbk = Buffer.from([0xce, 0xca, 0xcc, 0xe2, 0x2c, 0xb4, 0xf0, 0xb0, 0xb8])
    expect(await readFileContent(gbk, 'a.CSV')).toEqual({ content: { kind: 'table', text: '问题,答案' } })
    expect(await readFileContent(Buffer.from('\ufeff# 退货'), 'a.md')).toEqual({
      content: { kind: 'text', text: '# 退货' },
    })
  },
)

it('refuses what is no such file, is damaged, or names other files in a DOCTYPE', SLOW, async () => {
  const doctype = '<!DOCTYPE x [<!ENTITY a "&#97;">]>'
  expect(await readFileContent(docxOf([{ text: '好' }], doctype), 'a.docx')).toEqual({ refused: 'broken' })
  expect(await readFileContent(docxOf([{ text: '好' }]).subarray(0, 300), 'a.docx')).toEqual({
    refused: 'broken',
  })
  expect(await readFileContent(Buffer.from('%PDF-1.7 nothing more'), 'a.pdf')).toEqual({ refused: 'broken' })
  expect(await readFileContent(zipOf({ 'a.txt': 'a' }), 'a.xlsx')).toEqual({ refused: 'kind' })
  expect(await readFileContent(Buffer.from([0, 1, 2, 3]), 'a.txt')).toEqual({ refused: 'kind' })
})

it('refuses what unpacks to too much: workbooks, streams of a PDF, and texts', SLOW, async () => {
  const zeros = Buffer.alloc(80 * 1024 * 1024)
  expect(await readFileContent(xlsxOf([['a']], { 'xl/media/a.xml': zeros }), 'a.xlsx')).toEqual({
    refused: 'too_much',
  })
  const stream = pdfOf(deflateSync(zeros), { filter: '/Filter /FlateDecode' })
  expect(await readFileContent(stream, 'a.pdf')).toEqual({ refused: 'too_much' })
  expect(await readFileContent(Buffer.alloc(2_000_001, 'a'), 'a.txt')).toEqual({ refused: 'too_much' })
})

it(
  'ends with a PDF whose pages are each other’s, and with a file that takes too long or too much memory',
  SLOW,
  async () => {
    const read = await readFileContent(pdfOf(page, { kids: '[2 0 R]' }), 'a.pdf')
    expect(read).toEqual({ refused: 'broken' })
    expect(await readFileContent(pdfOf(page), 'a.pdf', { ...fileReaderBounds, timeoutMs: 1 })).toEqual({
      refused: 'too_slow',
    })
    const many = xlsxOf(Array.from({ length: 30_000 }, (_, index) => [`${index}问`, `${index}答`]))
    expect(await readFileContent(many, 'a.xlsx', { ...fileReaderBounds, memoryMb: 16 })).toEqual({
      refused: 'too_much',
    })
  },
)

it('ends with a PDF that fills what lies outside JavaScript’s own memory', SLOW, async () => {
  const zeros = Buffer.alloc(1024 ** 3)
  const twice = deflateSync(deflateSync(zeros, { level: 9 }), { level: 9 })
  const flate = '/Filter [/FlateDecode /FlateDecode]'
  expect(await readFileContent(pdfOf(twice, { filter: flate }), 'a.pdf', patient)).toEqual({
    refused: 'too_much',
  })
  const thrice = deflateSync(twice, { level: 9 })
  const more = '/Filter [/FlateDecode /FlateDecode /FlateDecode]'
  expect(await readFileContent(pdfOf(thrice, { filter: more }), 'a.pdf', patient)).toEqual({
    refused: 'too_much',
  })
  // Each pair of bytes stands for 128.
  const runs = Buffer.alloc(9 * 1024 ** 2, Buffer.from([129, 32]))
  expect(
    await readFileContent(pdfOf(runs, { filter: '/Filter /RunLengthDecode' }), 'a.pdf', patient),
  ).toEqual({
    refused: 'too_much',
  })
})

it('says of pages that are pictures that they have no text', async () => {
  const scan = Buffer.from('q 100 0 0 100 0 0 cm Q')
  expect(await readFileContent(pdfOf(scan), 'a.pdf', patient)).toEqual({ refused: 'no_text' })
})

it('reads one file at a time, and refuses more than a few that wait', SLOW, async () => {
  const reads = await Promise.all(
    Array.from({ length: 8 }, () => readFileContent(Buffer.from('# 退货'), 'a.md', patient)),
  )
  expect(reads.filter((read) => 'content' in read)).toHaveLength(5)
  expect(reads.filter((read) => 'refused' in read && read.refused === 'busy')).toHaveLength(3)
  expect(await readFileContent(Buffer.from('# 退货'), 'a.md', patient)).toMatchObject({
    content: { kind: 'text' },
  })
})
