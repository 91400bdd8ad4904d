/** What the sign-in mail says. */

/** Makes the subject and the text around a link. */
export type MailWords = (link: string) => { subject: string; text: string }

/** @param gameName - as the configuration has it; put on one line, so that it cannot pass for a line of the mail */
export function englishMail(gameName: string): MailWords {
  const name = gameName.replace(/\s+/g, ' ').trim()
  return (link) => ({
    subject: `Sign in to ${name} support`,
    text: [
      `Open this link to sign in to ${name} support:`,
      link,
      'It works once, for 15 minutes, in the browser that asked for it.',
      'If you did not ask for it, you can ignore this mail. Nobody gets in without the link.',
    ].join('\n\n'),
  })
}
