/** The parts of the widget that are fetched later. */

/**
 * Chromium never asks again for a module that once failed to come. Its error tells the address, though, and with
 * something new behind the `?` it is another one. Only for what nothing imports but this: by two addresses, it would be
 * there twice.
 *
 * @returns fetches it, as often as it takes; once it has come, it is the same for all.
 */
export function lazyImport<File>(fetchFile: () => Promise<File>): () => Promise<File> {
  let failures = 0
  return () =>
    fetchFile().catch(async (error) => {
      const [, address] = /imported module: (\S+)/.exec(String(error)) ?? []
      if (!address) throw error
      try {
        return await import(/* @vite-ignore */ `${address}?${failures}`)
      } catch (again) {
        failures += 1
        throw again
      }
    })
}
