/** `kefu/emulator`: WeChat on this machine, for development and for tests. */
export { createEmulator, type Emulator, type EmulatorOptions } from './emulator.js'
export type { EmulatedWorld, FaultControl, StubControl } from './emulated-world.js'
export { makeSecrets, type Secrets } from './secrets.js'
export type { UserHandle } from './user-handle.js'
export type * from './protocol.js'
export type * from './protocol-setup.js'
