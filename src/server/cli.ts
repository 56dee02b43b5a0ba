#!/usr/bin/env node
// Units and scripts of other people start this file, so it stays where it is.
import '../cli/main.js'
