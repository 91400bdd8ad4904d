/** The short run of `npm run test:model`, in a process of its own, whose globals are many pages' at once. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

it('No byte of one player’s is sent, shown, kept or announced under another, in 300 histories of tabs, sign-ins and sign-outs', {
  timeout: 300_000,
}, async () => {
  const args = [join(import.meta.dirname, 'main.ts'), '--runs', '300', '--seed', '1', '--known']
  const { stdout } = await promisify(execFile)(process.execPath, args).catch((failed: { stdout: string }) => failed)
  expect(stdout).toMatch(/known histories: all as promised\n300 histories, seed 1: as promised/)
})
