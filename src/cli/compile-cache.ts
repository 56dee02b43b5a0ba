import { lstatSync, mkdirSync } from 'node:fs'
import module from 'node:module'
import { join } from 'node:path'

/** Node's from 22.10 on. */
export interface CompileCache {
  readonly enableCompileCache: (directory: string) => unknown
  readonly flushCompileCache: () => void
}

const OTHERS_WRITE = 0o022

/**
 * Lets Node keep what it compiles from here on beside the data, for the next start; where Node can't, or the directory is
 * not this user's alone, nothing happens. Who could write there could have their code run. Returns what writes it out,
 * to be called once all is loaded: Node itself does so only at an orderly end.
 */
export function compileCache(dataDir: string, node: Partial<CompileCache> = module as object): () => void {
  const { enableCompileCache, flushCompileCache } = node
  const directory = join(dataDir, 'compile-cache')
  if (!enableCompileCache || !flushCompileCache || !isOurs(directory)) return () => undefined
  enableCompileCache(directory)
  return flushCompileCache
}

function isOurs(directory: string): boolean {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const found = lstatSync(directory)
    return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & OTHERS_WRITE) === 0
  } catch {
    return false
  }
}
