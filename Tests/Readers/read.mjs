// As shell.sh, for Node's own reader.
import { readFileSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { parseEnv } from 'node:util'
for await (const path of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  try {
    const found = Object.entries(parseEnv(readFileSync(path, 'utf8')))
    writeSync(1, found.map(([name, value]) => `${name}=${value}\0`).join('') + '\x01ok\0')
  } catch {
    writeSync(1, '\x01failed\0')
  }
}
