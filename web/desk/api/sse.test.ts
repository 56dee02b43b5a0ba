import fc from 'fast-check'
import { expect, it } from 'vitest'
import { sseParser, type StreamEvent } from './sse.js'

const stream =
  'retry: 1000\n\n: hello\n\nid: 7\nevent: message\ndata: {"a":\ndata: 1}\n\ndata: x\r\n\r\nid: 8\nevent: empty\n\n'
const expected: StreamEvent[] = [
  { event: 'message', data: '{"a":\n1}', id: '7' },
  { event: 'message', data: 'x', id: '7' },
]

it('reads events with their ids, comments and empty ones aside', () => {
  const events: StreamEvent[] = []
  sseParser((event) => events.push(event))(stream)
  expect(events).toEqual(expected)
})

it('however the network cuts it', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(stream.length)), (cuts) => {
      const events: StreamEvent[] = []
      const parse = sseParser((event) => events.push(event))
      const places = [0, ...cuts.sort((a, b) => a - b), stream.length]
      for (const [index, place] of places.entries())
        parse(stream.slice(place, places[index + 1] ?? stream.length))
      expect(events).toEqual(expected)
    }),
  )
})
