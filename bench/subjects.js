/**
 * Who is measured, each in a process of its own (subjects/<file>.js): to measure one more, write the file and add a
 * line. A floor handles no messages; `profiled` ones are shown in the table of where the time goes.
 */
export const subjects = [
  { name: 'bare Koa, reads nothing', file: 'koa-bare', format: 'json', floor: true },
  { name: 'Koa, reads the body', file: 'koa-body', format: 'json', floor: true },
  { name: 'Koa, one grouped INSERT (SQLite)', file: 'koa-insert', format: 'json', floor: true },
  { name: 'hand-written on Koa', file: 'hand-written', format: 'json' },
  { name: 'hand-written on Koa', file: 'hand-written', format: 'xml' },
  { name: '**kefu**, nothing kept', file: 'kefu', format: 'json' },
  { name: '**kefu**, nothing kept', file: 'kefu', format: 'xml' },
  { name: '**kefu**, nothing kept, @koa/bodyparser', file: 'kefu-bodyparser', format: 'json' },
  { name: '**kefu, durable** (SQLite)', file: 'kefu-durable', format: 'json', profiled: true },
  { name: '**kefu, durable** (PostgreSQL)', file: 'kefu-durable', format: 'json', database: 'postgres' },
  { name: 'co-wechat', file: 'co-wechat', format: 'xml' },
  { name: 'wechat', file: 'wechat', format: 'xml' },
  { name: 'node-easywechat', file: 'node-easywechat', format: 'xml' },
  {
    name: '**kefu, the whole loop** (SQLite)',
    file: 'kefu-loop',
    format: 'json',
    profiled: true,
  },
  { name: '**kefu, the whole loop** (PostgreSQL)', file: 'kefu-loop', format: 'json', database: 'postgres' },
  { name: 'co-wechat, replies in its answer', file: 'co-wechat-reply', format: 'xml', replies: true },
]

/**
 * What kefu promises of itself: the ratio of two subjects, paired by round, is at least so much. `acks` are answers
 * a second while pushes come, `handled` what is through a second until everything is.
 */
export const promises = [
  { of: 'kefu-durable json', to: 'co-wechat xml', by: 'acks', atLeast: 1.5 },
  { of: 'kefu-durable json', to: 'hand-written json', by: 'acks', atLeast: 0.5 },
  { of: 'kefu-durable json', to: 'co-wechat xml', by: 'handled', atLeast: 1 },
  { of: 'kefu json', to: 'hand-written json', by: 'acks', atLeast: 0.7 },
  { of: 'kefu xml', to: 'hand-written xml', by: 'acks', atLeast: 0.8 },
]

export const idOf = ({ file, format, database }) => `${file} ${format}${database ? ` ${database}` : ''}`
