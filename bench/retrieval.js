// How long retrieval takes over as much knowledge as kefu holds, and its memory. Run: npm run --prefix bench retrieval
import { readFileSync } from 'node:fs'
import { RetrievalIndex } from '../modules/knowledge/retrieval/retrieval-index.js'

const ENTRIES = 5000
const SEARCHES = 2000
const fixture = new URL('../test/fixtures/shop-knowledge.json', import.meta.url)
const { entries } = JSON.parse(readFileSync(fixture, 'utf8'))
const goods = ['杯子', '水壶', '雨伞', '台灯', '书包', '毛巾', '耳机', '键盘', '拖鞋', '枕头', '风扇', '钱包']
const kinds = ['红色', '蓝色', '大号', '小号', '儿童', '旅行', '冬季', '夏季', '新款', '旧款', '联名', '礼盒']

global.gc?.()
const before = process.memoryUsage()
const index = new RetrievalIndex()
const started = performance.now()
const questions = []
// The shop's own entries, each said of other goods: they share most of their words, which is the slow case.
for (let id = 1; id <= ENTRIES; id++) {
  const entry = entries[id % entries.length]
  const about = `${kinds[id % kinds.length]}${goods[Math.floor(id / kinds.length) % goods.length]}${Math.floor(id / 144)}`
  const wordings = [entry.title, ...entry.wordings].map((wording) => `${about}${wording}`)
  index.set({ id, wordings, text: `${about}：${entry.text}` })
  questions.push(`请问一下${wordings.at(-1)}呢`)
}
const built = performance.now() - started
global.gc?.()
const after = process.memoryUsage()

const times = []
let found = 0
for (let at = 0; at < SEARCHES; at++) {
  const id = (at * 37) % ENTRIES
  const start = performance.now()
  const hits = index.search(questions[id], 8, () => true)
  times.push(performance.now() - start)
  if (hits.some((hit) => hit.id === id + 1)) found++
}
if (found < SEARCHES / 2)
  throw new Error(`Only ${found} of ${SEARCHES} questions found their entry: the bench is wrong.`)
times.sort((a, b) => a - b)
const share = (part) => times[Math.floor(times.length * part)].toFixed(2)
const mb = (name) => ((after[name] - before[name]) / 1024 / 1024).toFixed(0)
console.log(
  `${ENTRIES} entries, built in ${built.toFixed(0)} ms; heap +${mb('heapUsed')} MB, resident +${mb('rss')} MB`,
)
console.log(
  `${SEARCHES} searches: p50 ${share(0.5)} ms, p95 ${share(0.95)} ms, p99 ${share(0.99)} ms; found ${found}`,
)
