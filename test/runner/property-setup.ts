import fc from 'fast-check'
import { runs } from '../support/property-runs.js'

// A property that names no number of its own is tried as often as the environment says.
fc.configureGlobal({ numRuns: runs() })
