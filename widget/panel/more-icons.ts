/** The drawings that files, the conversation and the rarer views need. */

export const morePaths = {
  send: 'M12 19V5M5 12l7-7 7 7',
  clip: 'M20 11l-8.5 8.500a5 5 0 0 1-7-7L13 4a3.5 3.5 0 0 1 5 5l-8.5 8.500a2 2 0 0 1-3-3L14 7',
  camera: 'M4 7h4l2-3h4l2 3h4v13H4zM12 10a3.500 3.500 0 1 1 0 7a3.500 3.500 0 1 1 0-7',
  file: 'M7 3h7l5 5v13H7zM14 3v5h5',
  down: 'M12 5v14M5 12l7 7 7-7',
}
