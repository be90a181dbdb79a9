import { readFileSync } from 'node:fs';

/**
 * Where a virtual machine's identity may show. None of these is certain to change when a machine is cloned or set
 * back to a snapshot: Linux reports the VM generation id only as an event, which an operator can have written to the
 * first of these files (the operator's page says how).
 */
export const VM_GENERATION_FILES: readonly string[] = [
  '/run/counterseal/vm-generation',
  '/sys/hypervisor/uuid',
  '/sys/class/dmi/id/product_uuid',
];

/** What identifies this run of this machine, from every file that can be read; '' if none can. */
export function readVmGeneration(files: readonly string[] = VM_GENERATION_FILES): string {
  return files
    .map((file) => {
      try {
        return readFileSync(file, 'utf8').trim();
      } catch {
        // Absent on this machine, or for root alone.
        return '';
      }
    })
    .join('|');
}
