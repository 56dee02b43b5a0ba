import { open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'

const schema = z.object({
  /** The database that was last open here. */
  id: z.string(),
  /** Which witnesses of it are its latest: two while a start changes from one to the next. */
  witnesses: z.array(z.string()),
  /** How far its sequence had come: a database of the same name that stands before this went back in time. */
  sequence: z.number(),
})

/** DATA_DIR's note of the database that was last open here, beside the database itself. */
export type DatabaseMark = z.infer<typeof schema>

/** Undefined when there is none, or nothing that can be read. */
export async function readDatabaseMark(file: string): Promise<DatabaseMark | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    return undefined
  }
}

/** Writes it whole or not at all, and safe from power loss. */
export async function writeDatabaseMark(file: string, mark: DatabaseMark): Promise<void> {
  const part = `${file}.${process.pid}.part`
  const handle = await open(part, 'w', 0o600)
  try {
    await handle.writeFile(`${JSON.stringify(mark)}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(part, file)
  const directory = await open(dirname(file), 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
