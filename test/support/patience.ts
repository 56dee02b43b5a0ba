/**
 * For every emulator whose customers wait in a test: a machine that does other things, too, is slow, and
 * waiting costs nothing where a message comes.
 */
export const patience = { receiveTimeoutMs: 20_000 } as const
