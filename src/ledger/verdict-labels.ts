/** Labels of a verdict, strongest first (protocol section 7). */
export const VERDICT_LABELS = [
  'duplicate-engaged',
  'duplicate-settled',
  'duplicate-conflicting',
  'duplicate',
  'near-duplicate',
  'unique',
] as const;
export type VerdictLabel = (typeof VERDICT_LABELS)[number];
