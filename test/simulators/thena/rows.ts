/** How tickets and comments come to be at the simulated Thena. */
import { randomUUID } from 'node:crypto'
import type { z } from 'zod'
import { canary } from '../simulator.ts'
import type { WorldInside } from '../world.ts'
import type { NewTicket, StoredComment, StoredTicket } from './shapes.ts'

type GivenComment = { [Name in keyof StoredComment]?: StoredComment[Name] | undefined }

export function createRows(world: WorldInside, teamId: string) {
  function newTicket(body: z.output<typeof NewTicket>, serial: number): StoredTicket {
    const now = world.now().toISOString()
    const first = { content: body.commentContent ?? '', metadata: body.commentMetadata ?? {} }
    return world.took({
      id: idOf('TCK'),
      serial,
      title: body.title,
      description: body.description ?? '',
      requestorEmail: body.requestorEmail,
      teamId: body.teamId,
      statusId: body.statusId ?? 'st-new',
      metadata: body.metadata ?? {},
      attachmentUrls: body.attachmentUrls ?? [],
      deDuplicationKey: body.deDuplicationKey,
      comments: [
        ...(body.commentContent ? [commentFrom({ ...first, customerContactEmail: body.requestorEmail })] : []),
        commentFrom({ content: canary('thena-triage-note'), commentVisibility: 'private', commentType: 'note' }),
      ],
      createdAt: now,
      updatedAt: now,
      closedAt: null,
      deletedAt: null,
    })
  }

  function strangers(title: string): StoredTicket {
    const requestorEmail = `${canary('thena-stranger')}@players.example`
    const commentContent = canary('thena-strangers-words')
    return newTicket({ title: `${title} ${canary('thena-title')}`, requestorEmail, teamId, commentContent }, 1)
  }

  function commentFrom(given: GivenComment): StoredComment {
    return world.took({
      id: given.id ?? idOf('CMT'),
      content: given.content ?? '',
      commentVisibility: given.commentVisibility ?? 'public',
      commentType: given.commentType ?? 'comment',
      threadName: given.threadName ?? null,
      customerContactEmail: given.customerContactEmail ?? null,
      metadata: given.metadata ?? {},
      attachments: given.attachments ?? [],
      deletedAt: given.deletedAt ?? null,
      createdAt: given.createdAt ?? world.now().toISOString(),
    })
  }

  return { newTicket, strangers, commentFrom }
}

let made = 0

function idOf(kind: string): string {
  made += 1
  return `${kind}${String(made).padStart(6, '0')}${randomUUID().replaceAll('-', '').toUpperCase().slice(0, 12)}`
}
