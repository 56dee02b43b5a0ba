/** Reads a table that somebody chose: UTF-8, or as Excel writes Chinese. */
export function tableText(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('gb18030').decode(bytes)
  }
}

/** Bytes. The service takes a megabyte of JSON, in which quotes and line feeds take two. */
export const MAX_TABLE = 900_000
