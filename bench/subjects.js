/**
 * Who is measured, each in a process of its own (subjects/<file>.js): to measure one more, write the file and add a
 * line. A floor handles no messages.
 */
export const subjects = [
  { name: 'bare Koa, reads nothing', file: 'koa-bare', format: 'json', floor: true },
  { name: 'Koa, reads the body', file: 'koa-body', format: 'json', floor: true },
  { name: 'hand-written on Koa', file: 'hand-written', format: 'json' },
  { name: 'hand-written on Koa', file: 'hand-written', format: 'xml' },
  { name: '**kefu**', file: 'kefu', format: 'json' },
  { name: '**kefu**', file: 'kefu', format: 'xml' },
  { name: '**kefu**, durable (SQLite)', file: 'kefu-durable', format: 'json' },
  { name: '**kefu** behind @koa/bodyparser', file: 'kefu-bodyparser', format: 'json' },
  { name: 'co-wechat', file: 'co-wechat', format: 'xml' },
  { name: 'wechat', file: 'wechat', format: 'xml' },
  { name: 'node-easywechat', file: 'node-easywechat', format: 'xml' },
]

/** What kefu promises of itself: the ratio of two subjects, paired by round, is at least so much. */
export const promises = [
  { of: 'kefu json', to: 'hand-written json', atLeast: 0.7 },
  { of: 'kefu xml', to: 'hand-written xml', atLeast: 0.7 },
  { of: 'kefu json', to: 'co-wechat xml', atLeast: 2 },
  { of: 'kefu xml', to: 'co-wechat xml', atLeast: 2 },
]

export const idOf = ({ file, format }) => `${file} ${format}`
