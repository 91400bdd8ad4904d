// npm install jose
import { readFile } from 'node:fs/promises'
import { importPKCS8, SignJWT } from 'jose'

const key = await importPKCS8(await readFile(process.env.SUPPORT_KEY_FILE, 'utf8'), 'ES256')

/** Call this for a player who is signed in to your game, and never with an id that the client sent. */
export function supportToken(player) {
  return new SignJWT({ name: player.name, locale: player.locale, metadata: { tier: player.tier, tags: ['beta'] } })
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: 'support-1' })
    .setSubject(player.id)
    .setAudience('star-harbor')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(key)
}
