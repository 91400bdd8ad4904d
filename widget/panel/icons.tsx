/** The few drawings that home and the form need, as strokes on a 24 by 24 grid. */

export const paths = {
  back: 'M15 5l-7 7 7 7',
  close: 'M6 6l12 12M18 6L6 18',
  check: 'M5 12.500l4.5 4.500L19 7',
  messaging: 'M12 4a9 8 0 1 1-4 15l-4 1 1-4A9 8 0 0 1 12 4m0 4v7M8 12h7',
}

/** @param mirrored where words run from right to left. */
export function Icon({ path, mirrored }: { path: string; mirrored?: boolean }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true" class={mirrored ? 'mirrored' : ''}>
      <path d={path} />
    </svg>
  )
}
