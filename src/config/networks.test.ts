import { describe, expect, it } from 'vitest'
import { parseNetworks } from './networks.js'

describe('parseNetworks', () => {
  it.each(['true', '1', '10.0.0.0/33', '10.0.0.0/8/8', '::1/129', 'proxy.example.com', '10.0.0'])(
    'refuses %s',
    (list) => {
      expect(parseNetworks(list)).toBeUndefined()
    },
  )
})
