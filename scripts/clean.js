// Removes compiled code, so that a renamed file does not linger in a release. The pages are vite's to clean.
import { readdirSync, rmSync } from 'node:fs'

const dist = new URL('../dist/', import.meta.url)
let entries = []
try {
  entries = readdirSync(dist)
} catch {
  // nothing was built yet
}
for (const entry of entries) if (entry !== 'web') rmSync(new URL(entry, dist), { recursive: true })
