/** How Kysely's queries are written for SQLite. */
import { type LimitNode, SqliteQueryCompiler } from 'kysely'

/**
 * SQLite looks at the value of a bare `limit ?` when it plans, and so plans anew each time one is bound, which takes as long
 * as reading a page of tickets. Of a sum it takes no notice.
 */
export class LastingQueryCompiler extends SqliteQueryCompiler {
  protected override visitLimit(node: LimitNode): void {
    super.visitLimit(node)
    this.append(' + 0')
  }
}
