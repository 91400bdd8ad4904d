/**
 * Whether a chosen file can still be read: one that was deleted, moved or changed since is not the one that was chosen, and
 * browsers say so only to whoever reads it.
 */
export function isReadable(file: Blob): Promise<boolean> {
  // `Blob.arrayBuffer` is younger than the engines we run in.
  return new Response(file.slice(0, 1)).arrayBuffer().then(
    () => true,
    () => false,
  )
}
