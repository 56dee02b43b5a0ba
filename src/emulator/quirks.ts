import type { Format, Manner } from '../wechat/index.js'
import type { Quirks, QuirksInput } from './protocol.js'

/** WeChat as it has been seen; control characters in JSON are in no capture. */
export const usualQuirks: Quirks = {
  unsplitCdata: true,
  rawControlsInXml: true,
  rawControlsInJson: false,
  prettyJson: true,
  needsContentLength: true,
  needsPlainFilename: true,
}

/** Which of WeChat's odd ways are played at the moment. */
export class QuirkSwitches {
  readonly #first: Quirks
  #now: Quirks

  constructor(first: QuirksInput = {}) {
    this.#first = { ...usualQuirks, ...first }
    this.#now = this.#first
  }

  get now(): Quirks {
    return this.#now
  }

  set(changes: QuirksInput): Quirks {
    this.#now = { ...this.#now, ...changes }
    return this.#now
  }

  /** As they were when the emulator began. */
  reset(): void {
    this.#now = this.#first
  }

  /** How pushes are written. */
  mannerOf(format: Format): Manner {
    const { unsplitCdata, rawControlsInXml, rawControlsInJson, prettyJson } = this.#now
    return format === 'xml'
      ? { unsplitCdata, rawControls: rawControlsInXml }
      : { pretty: prettyJson, rawControls: rawControlsInJson }
  }
}
