/** Names nobody can guess and nobody else has. `crypto.randomUUID` is younger than the engines we run in. */
export function randomName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
