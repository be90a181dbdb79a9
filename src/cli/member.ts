import type { Command } from 'commander';
import { memberCardCommand } from './member-card.js';
import { auditCommand } from './member/audit.js';
import { backupCommands } from './member/backup.js';
import { joinCommands } from './member/join.js';
import { privacyCommands } from './member/privacy.js';

export function memberCommands(program: Command): void {
  const member = program
    .command('member')
    .description("a member's folder: its keys, and what was done from it");
  joinCommands(member);
  backupCommands(member);
  auditCommand(member);
  privacyCommands(member);
  memberCardCommand(member);
}
